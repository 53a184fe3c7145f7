// A host's surroundings for one child, in one thread and without surprises: virtual time, entropy that repeats,
// providers in memory, and the shard's own router with its portal to them.
import { E } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import type { LinkPower } from "../../runtime/core/link.ts";
import type { Route } from "../../runtime/core/route.ts";
import type { EntropyPower } from "../../runtime/domain/entropy.ts";
import type { DomainPowers } from "../../runtime/domain/domain-powers.ts";
import type { Router } from "../../runtime/domain/router.ts";
import type { Fault } from "../../runtime/engine/fault.ts";
import { DEFAULT_POLICY } from "../../runtime/durable/checkpoint-policy.ts";
import { PortalServer } from "../../runtime/host/portal-server.ts";
import { Roms, type Providers } from "../../runtime/host/providers.ts";
import type { FileRight } from "../../runtime/provider/file/file-provider.ts";
import { EpochFiles } from "../../runtime/provider/epoch/epoch-file.ts";
import { Bar } from "../../runtime/provider/epoch/incarnation.ts";
import { memoryFiles, type MemoryFiles } from "../../runtime/provider/file/memory.ts";
import { queueGate, type QueueGate } from "../../runtime/provider/gate/queue.ts";
import type { QueueBound } from "../../runtime/provider/gate/message-queue.ts";
import { PortalClient } from "../../runtime/shard/portal-client.ts";
import type { ChildSpec, FileProviderSpec, GateProviderSpec } from "../../runtime/shard/protocol.ts";
import { ShardRouter } from "../../runtime/shard/shard-router.ts";
import { VirtualClock } from "./virtual-clock.ts";

const ALL_FILES: readonly FileRight[] = ["read", "write", "create", "remove", "list"];

/** Routes that grant everything there is. */
export const OPEN_ROUTES: readonly Route[] = ["LOG", "Timer", "ROM", "Report", "File_system", "Gate"].map(
  (service) => ({ service }),
);

export interface WorldOptions {
  /** Default: `child`. */
  readonly name?: string;
  /** Default: everything there is. */
  readonly routes?: readonly Route[];
  /** In-memory files: content by provider and path. */
  readonly files?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Real folders, by provider. */
  readonly directories?: Readonly<Record<string, string>>;
  /** Queue gates, by name. */
  readonly gates?: readonly string[];
  /** Gates that lead out, of a child that is kept, by name. */
  readonly outer?: Readonly<Record<string, GateProviderSpec>>;
  /** How much each gate holds each way. */
  readonly bound?: QueueBound;
  readonly roms?: Readonly<Record<string, string>>;
  readonly config?: unknown;
  readonly quota?: { readonly ram: number; readonly caps: number };
  /** Nominal ms of a turn. */
  readonly turn?: number;
  /** What the outside world does, and when. */
  readonly script?: (world: World) => void;
}

export type Ending =
  { readonly kind: "exited"; readonly code: number } | { readonly kind: "faulted"; readonly fault: Fault };

/** Whatever a component did that can be seen from outside. */
export interface Outputs {
  readonly ending: Ending | null;
  readonly log: readonly string[];
  readonly denied: readonly string[];
  readonly files: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly gates: Readonly<Record<string, readonly unknown[]>>;
  readonly reports: Readonly<Record<string, string>>;
  readonly returned: { readonly ram: number; readonly caps: number };
}

/** The same numbers every time, however they are drawn. */
class CountedEntropy implements EntropyPower {
  drawn = 0;
  fill(into: Uint8Array): void {
    for (let i = 0; i < into.length; i++) into[i] = Math.imul(++this.drawn, 0x9e3779b1) >>> 24;
  }
  secret(): number {
    return 0x5eed;
  }
}

/** Of a child whose journal the spec keeps. */
const KEPT: NonNullable<ChildSpec["kept"]> = {
  ...{ journal: -1, incarnation: 1, secret: 0, log: "", logBytes: 0, disk: 0 },
  policy: DEFAULT_POLICY,
};

export class World {
  readonly clock: VirtualClock;
  /** Leads to other children; there are none, unless a spec puts them here. */
  links: LinkPower | null = null;
  entropy: EntropyPower = new CountedEntropy();
  readonly options: WorldOptions;
  readonly files = new Map<string, MemoryFiles>();
  readonly gates = new Map<string, QueueGate>();
  readonly roms = new Roms();
  readonly log: string[] = [];
  readonly denied: string[] = [];
  readonly threads: string[] = [];
  readonly returned = { ram: 0, caps: 0 };
  ending: Ending | null = null;
  /** Files that were opened so far, and those that are open. */
  readonly handles = { opened: 0, open: 0 };
  /** Asked at each opening of a file, by its number from 1: whether the provider refuses it. */
  refuses: (opening: number) => boolean = () => false;
  readonly #reported = new Set<string>();

  constructor(options: WorldOptions = {}, clock = new VirtualClock()) {
    this.options = options;
    this.clock = clock;
    for (const [name, content] of Object.entries(options.files ?? {}))
      this.files.set(name, this.#counted(memoryFiles({ name, content, now: () => this.clock.wall() })));
    for (const name of options.gates ?? [])
      this.gates.set(
        name,
        queueGate(options.bound === undefined ? { name } : { name, bound: options.bound }),
      );
    for (const [name, text] of Object.entries(options.roms ?? {})) this.roms.source(name).replace(text);
    options.script?.(this);
  }

  /** The provider, its handles counted. */
  #counted(files: MemoryFiles): MemoryFiles {
    const { handles } = this;
    const open = files.open.bind(files);
    files.open = (path, mode) => {
      if (this.refuses(++handles.opened)) return E.left({ tag: "Io", code: "EMFILE", what: path });
      const opened = open(path, mode);
      if (E.isLeft(opened)) return opened;
      handles.open++;
      const file = opened.right;
      const close = file.close.bind(file);
      let closed = false;
      file.close = () => {
        if (!closed) handles.open--;
        closed = true;
        close();
      };
      return opened;
    };
    return files;
  }

  get quota(): { readonly ram: number; readonly caps: number } {
    return this.options.quota ?? { ram: 8 << 20, caps: 100 };
  }

  get spec(): ChildSpec {
    const { options } = this;
    const files = new Map<string, FileProviderSpec>();
    for (const name of this.files.keys()) files.set(name, { kind: "memory", rights: ALL_FILES });
    for (const [name, path] of Object.entries(options.directories ?? {}))
      files.set(name, { kind: "directory", path, rights: ALL_FILES });
    const routes = options.routes ?? OPEN_ROUTES;
    const reports = routes.flatMap(({ service, report }) =>
      service === "ROM" && report !== undefined ? [report] : [],
    );
    const child = options.name ?? "child";
    return {
      name: child,
      label: `init -> ${child}`,
      host: "here",
      quota: this.quota,
      turn: options.turn ?? 3000,
      config: JSON.stringify(options.config ?? null),
      routes,
      files,
      gates: new Map([
        ...[...this.gates.keys()].map(
          (name) => [name, { kind: "queue", rights: ["send", "receive"] }] as [string, GateProviderSpec],
        ),
        ...Object.entries(options.outer ?? {}),
      ]),
      ...(options.outer === undefined ? {} : { kept: KEPT }),
      roms: new Set([...Object.keys(options.roms ?? {}), ...reports]),
    };
  }

  get providers(): Providers {
    const gates = new Map(
      [...this.gates].map(([name, provider]) => [
        name,
        { provider, rights: ["send" as const, "receive" as const] },
      ]),
    );
    return {
      roms: this.roms,
      files: new Map([...this.files].map(([name, provider]) => [name, { provider, rights: ALL_FILES }])),
      gates,
      servedGates: gates,
      fileSpecs: this.spec.files,
      gateSpecs: this.spec.gates,
      close: () => {},
    };
  }

  /** Powers for one incarnation of the child, and what lets go of them. `routes` instead of the world's own. */
  powers(routes?: readonly Route[]): { readonly powers: DomainPowers; readonly close: () => Promise<void> } {
    const portal: PortalClient = new PortalClient((message) => {
      if (message.kind === "open" && message.service === "Report") this.#reported.add(message.provider);
      void server.receive(message);
    });
    const server = new PortalServer(this.providers, (message) => portal.answer(message));
    const spec = routes === undefined ? this.spec : { ...this.spec, routes };
    const router: Router & { close(): void } = new ShardRouter(spec, {
      portal,
      epochs: new EpochFiles(),
      bar: new Bar(() => {}),
      log: {
        write: (text) => void this.log.push(text),
        kept: {
          name: "log",
          end: () => this.log.length,
          size: () => 1,
          writeAt: (text, entry) => {
            this.log[entry] = text;
            return E.right(undefined);
          },
          writeAgain: (text, entry) => {
            this.log[entry] = text;
            return E.right(undefined);
          },
        },
      },
    });
    return {
      close: async () => {
        router.close();
        await server.close();
      },
      powers: {
        clock: this.clock,
        entropy: this.entropy,
        router,
        ...(this.links === null ? {} : { links: this.links }),
        events: {
          log: (text) => void this.log.push(text),
          exited: (code) => {
            this.ending = { kind: "exited", code };
          },
          faulted: (fault) => {
            this.ending = { kind: "faulted", fault };
          },
          denied: (service: string, label: string, error: SessionError) =>
            void this.denied.push(`${service} ${label}: ${error.tag}`),
          returned: (ram, caps) => {
            this.returned.ram += ram;
            this.returned.caps += caps;
          },
          threadCreated: (_selector, name) => void this.threads.push(name),
          turnBegins: () => {},
          polls: () => {},
          turnEnds: () => {},
        },
      },
    };
  }

  /** Everything that can be seen of the child now. */
  outputs(): Outputs {
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
    const files = [...this.files].map(
      ([name, provider]) =>
        [
          name,
          Object.fromEntries([...provider.snapshot()].map(([path, bytes]) => [path, text(bytes)])),
        ] as const,
    );
    return {
      ending: this.ending,
      log: [...this.log],
      denied: [...this.denied],
      files: Object.fromEntries(files),
      gates: Object.fromEntries([...this.gates].map(([name, gate]) => [name, [...gate.sent]])),
      reports: Object.fromEntries(
        [...this.#reported].map((name) => [name, text(this.roms.source(name).content)]),
      ),
      returned: { ...this.returned },
    };
  }

  /** Sends to the child by a gate; the queue must have room. */
  inject(gate: string, message: string): void {
    const answer = this.gates.get(gate)?.inject(message);
    if (answer !== undefined && !(answer instanceof Promise) && E.isLeft(answer))
      throw new Error(`gate ${gate}: ${answer.left.tag}`);
  }
}
