// The `hosts` of a scenario file: quotas, and providers with the rights that routes can draw on.

import { E } from "../../lib/fp.ts";
import {
  PEER_MAY,
  type FileProviderConfig,
  type HostConfig,
  type PeerConfig,
  type RomConfig,
} from "../host/host-config.ts";
import { parseAddress } from "../migrate/peer.ts";
import type { Schema } from "./schema.ts";
import { fields, variants } from "./schema-fields.ts";
import { gateProvider } from "./schema-gate.ts";
import type { GateProvider } from "./schema-gate.ts";
import { checkpointPolicy, type CheckpointSpec } from "./schema-keeping.ts";
import { diskPath } from "./schema-path.ts";
import { FILE_RIGHTS, fileRights, peerRights } from "./schema-right.ts";
import { restPolicy } from "./schema-rest.ts";
import { dictionary, json, list, mapped, name, refined, text, whole, yes } from "./schema-value.ts";
import { bytes } from "./unit.ts";

/** What a file can name: not a provider of a program's own. */
export type FileProvider = Exclude<FileProviderConfig, { readonly kind: "provided" }>;

/** A host as its file describes it. Its records have no prototype. */
export interface HostSpec extends HostConfig {
  readonly files: Readonly<Record<string, FileProvider>>;
  readonly gates: Readonly<Record<string, GateProvider>>;
  readonly peers: readonly PeerConfig[];
  /** How often `up` takes its children down, as far as it is said. */
  readonly checkpoint: CheckpointSpec;
  /** How long a child of `up` is idle before it rests, in ms, where its entry says nothing; null: it never does. */
  readonly rest: number | null;
}

const HOST_RAM = 256 * 1024 ** 2;
const HOST_CAPS = 10_000;
export const MOST_CAPS = 1_000_000_000;

/** Each key that a host may have. */
export const HOST_KEYS: readonly string[] = [
  "ram",
  "caps",
  "files",
  "gates",
  "roms",
  "trust",
  "peers",
  "epochs",
  "encrypt",
  "checkpoint",
  "rest",
];

const none = <A>(): Readonly<Record<string, A>> => Object.create(null) as Record<string, A>;

const fileProvider = (directory: string): Schema<FileProvider> =>
  variants("a file provider", {
    directory: mapped(
      fields("a file provider", { directory: diskPath(directory) }, { rights: fileRights }),
      ({ directory: path, rights = FILE_RIGHTS }): FileProvider => ({ kind: "directory", path, rights }),
    ),
    memory: mapped(
      fields(
        "a file provider",
        { memory: yes },
        { rights: fileRights, content: dictionary(innerPath, text) },
      ),
      ({ rights = FILE_RIGHTS, content = none<string>() }): FileProvider => ({
        kind: "memory",
        content,
        rights,
      }),
    ),
  });

const innerPath: Schema<string> = refined(text, "a path below the provider", (path) =>
  !path.includes("\0") && path.split("/").every((each) => each !== "" && each !== "." && each !== "..")
    ? E.right(path)
    : E.left(null),
);

const romProvider = (directory: string): Schema<RomConfig> =>
  variants("a ROM", {
    text: mapped(fields("a ROM", { text }, {}), (rom): RomConfig => ({ kind: "text", text: rom.text })),
    json: mapped(fields("a ROM", { json }, {}), (rom): RomConfig => ({ kind: "json", json: rom.json })),
    file: mapped(fields("a ROM", { file: diskPath(directory) }, {}), (rom): RomConfig => ({
      kind: "file",
      path: rom.file,
    })),
  });

const key = refined(text, "a public key, ed25519:…, as `cryonode key` prints it", (given) =>
  /^ed25519:[A-Za-z0-9+/_=-]{43,64}$/.test(given) ? E.right(given) : E.left(null),
);

const address = refined(text, "an address, HOST:PORT", (given) =>
  parseAddress(given) === null ? E.left(null) : E.right(given),
);

const peer: Schema<PeerConfig> = mapped(
  fields("a peer", { name, address, key }, { may: peerRights }),
  ({ may = PEER_MAY, ...rest }) => ({ ...rest, may }),
);

/** One entry of `hosts`, whose paths start at `directory`. */
export const hostSchema = (directory: string): Schema<Omit<HostSpec, "name">> =>
  mapped(
    fields(
      "a host",
      {},
      {
        ram: bytes,
        caps: whole(1, MOST_CAPS),
        files: dictionary(name, fileProvider(directory)),
        gates: dictionary(name, gateProvider(directory)),
        roms: dictionary(name, romProvider(directory)),
        trust: list(key),
        peers: list(peer),
        epochs: diskPath(directory),
        encrypt: key,
        checkpoint: checkpointPolicy,
        rest: restPolicy,
      },
    ),
    ({
      ram = HOST_RAM,
      caps = HOST_CAPS,
      files = none<FileProvider>(),
      gates = none<GateProvider>(),
      roms = none<RomConfig>(),
      trust = [],
      peers = [],
      epochs,
      encrypt,
      checkpoint = {},
      rest = null,
    }) => ({
      ram,
      caps,
      files,
      gates,
      roms,
      trust,
      peers,
      ...(epochs === undefined ? {} : { epochs }),
      ...(encrypt === undefined ? {} : { encrypt }),
      checkpoint,
      rest,
    }),
  );
