// Whether the files that travelers hold open could be opened again here, found out without an effect: by looking at them.
import { FileSystem } from "../../lib/session/file-system.ts";
import { prose, type SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import type { Snapshot } from "../checkpoint/snapshot.ts";
import { difference, FilePosition, HASHED_BYTES } from "../core/file-position.ts";
import { Restoration } from "../core/restoration.ts";
import { grantedRights, routeFor } from "../core/route.ts";
import type { StartConfig } from "../host/host-config.ts";
import type { LiveHost } from "../host/live-host.ts";
import { outsideFiles } from "../host/providers.ts";
import type { FileProvider } from "../provider/file/file-provider.ts";
import type { Lack } from "./lack.ts";
import type { FileNeed } from "./requirements.ts";

const READ = { read: true, write: false, create: false, append: false, truncate: false } as const;

/** What to do where it is another file, or none; a folder that is lacking is not helped by it. */
const hint = (error: SessionError, path: string): string =>
  (error.tag === "NotFound" || error.tag === "Changed") && error.path === path
    ? "; with `policy: restore` at its route, on both hosts, its content comes along"
    : "";

const NOTHING = new Uint8Array();

/** A file with what its handle knew of it, where that is known already. */
interface Sought extends FileNeed {
  readonly position: FilePosition | null;
}

/** Why it can't be opened, or what of it differs from what is known; null: nothing. */
const whatDiffers = (
  provider: FileProvider,
  path: string,
  position: FilePosition | null,
): SessionError | null => {
  const opened = provider.open(path, READ);
  if (E.isLeft(opened)) return opened.left;
  const now = opened.right.identity(HASHED_BYTES);
  opened.right.close();
  if (E.isLeft(now)) return now.left;
  const changed = position === null ? null : difference(position.identity, now.right);
  return changed === null ? null : { tag: "Changed", path, difference: changed };
};

export class FileRehearsal {
  readonly #live: LiveHost;
  readonly #providers = new Map<string, FileProvider | null>();

  constructor(live: LiveHost) {
    this.#live = live;
  }

  /** What is missing of the files that a running child has open; how they stand is not known yet. */
  check(config: StartConfig, files: readonly FileNeed[]): readonly Lack[] {
    return this.#lacks(
      config,
      files.map((file) => ({ ...file, position: null })),
    );
  }

  /** What is missing of the files of a child that stands still, or is not as it left it. */
  judge(config: StartConfig, { ledger, positions }: Snapshot): readonly Lack[] {
    const known = new Map(positions);
    const sought = Object.entries(ledger.capabilities).flatMap(([selector, record]): Sought[] => {
      if (record.kind !== "file") return [];
      const session = ledger.capabilities[String(record.session)];
      const position = FilePosition.decode(known.get(Number(selector)));
      // What it held without a name has none here either, and travels whole.
      if (session?.kind !== "session" || E.isLeft(position) || position.right.removed !== undefined)
        return [];
      const carried = position.right.content !== null;
      return [{ label: session.label, path: record.path, position: position.right, carried }];
    });
    return this.#lacks(config, sought);
  }

  #lacks(config: StartConfig, files: readonly Sought[]): readonly Lack[] {
    return files.flatMap((file): Lack[] => {
      const error = this.#error(config, file);
      if (error === null) return [];
      const name = `${file.label}/${file.path}`;
      return [
        {
          child: config.name,
          what: FileSystem.service,
          name,
          reason: `${prose(error)}${hint(error, file.path)}`,
        },
      ];
    });
  }

  #error(config: StartConfig, { label, path, position, carried = true }: Sought): SessionError | null {
    const route = routeFor(config.routes, FileSystem.service, label);
    // Whether there is a route is told elsewhere.
    const name = route?.to ?? label;
    const provider = route === null ? null : this.#provider(name);
    if (route === null || provider === null) return null;
    const error = whatDiffers(provider, path, route.policy === "rebind" ? null : position);
    const isLost = error?.tag === "NotFound" || error?.tag === "Changed";
    if (!isLost || route.policy !== "restore" || !carried) return error;
    // Its content comes along, and is to be put there.
    const spec = this.#live.providers.fileSpecs.get(name);
    const rights = grantedRights(spec?.rights ?? [], route);
    for (const right of ["write", "create"] as const)
      if (!rights.has(right)) return { tag: "Denied", service: FileSystem.service, label: name, right };
    const restoration = Restoration.prepare(provider, path, READ, NOTHING);
    return E.isLeft(restoration) ? restoration.left : null;
  }

  #provider(name: string): FileProvider | null {
    const known = this.#providers.get(name);
    if (known !== undefined) return known;
    const found = outsideFiles(this.#live.providers, name);
    this.#providers.set(name, found);
    return found;
  }

  close(): void {
    for (const [name, provider] of this.#providers)
      if (this.#live.providers.files.get(name) === undefined) provider?.close();
  }
}
