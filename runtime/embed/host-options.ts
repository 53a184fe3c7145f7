// What a program says about a host and its children. Sizes are numbers of bytes or texts such as "8M" (k, M, G of
// 1024), times are numbers of ms or texts such as "10s" (ms, s, m, h), paths are relative to the working directory.
import type { FilePower } from "../image/file-power.ts";
import type { FilePolicy } from "../core/route.ts";
import type { FileProvider, FileRight } from "../provider/file/file-provider.ts";
import type { Framing } from "../provider/gate/framing.ts";
import type { GateProvider, GateRight } from "../provider/gate/gate-provider.ts";

/** Bytes, or a text such as "64M". */
export type Size = number | string;
/** Milliseconds, or a text such as "10s". At most 24 days. */
export type Duration = number | string;

/** Files that children reach by File_system sessions. `rights` defaults to all. */
export type FileOptions =
  /** Real files below a directory, which is made when it is not there. */
  | { readonly directory: string | URL; readonly rights?: readonly FileRight[] }
  /** Files in the host's memory, which end with it. `content`: text by path, there at first. */
  | {
      readonly memory: true;
      readonly content?: Readonly<Record<string, string>>;
      readonly rights?: readonly FileRight[];
    }
  /** A provider of the program's own, served in its thread. The host never closes it. See `docs/providers.md`. */
  | { readonly provider: FileProvider; readonly rights?: readonly FileRight[] };

/** How many messages, and of how many bytes, may wait. */
export interface BoundOptions {
  readonly messages: number;
  readonly bytes: Size;
}

/** How often something is tried that may not be there yet. */
export interface RetryOptions {
  /** Default 5. */
  readonly tries?: number;
  /** The pause before the second try, doubled before each further one. Default 50 ms. */
  readonly first?: Duration;
  /** The longest pause. Default 800 ms. */
  readonly longest?: Duration;
  /** How long one try to connect may take. Default 2s. */
  readonly connect?: Duration;
}

/** What gates over TCP and Unix sockets have in common. `docs/providers.md` says more of each. */
export interface StreamGateOptions {
  /** Whether peers call here, one at a time, instead of being called. Default false. */
  readonly listen?: boolean;
  /** How a foreign peer's stream is cut into messages. Default `line`. */
  readonly framing?: Framing;
  /** Who is at the other side: `cryonode` is the same kind of gate of another host, and nothing is lost or repeated
   *  between the two. Default `foreign`. */
  readonly peer?: "foreign" | "cryonode";
  /** The largest message. Default 1M, at most 64M; both ends of a pair say the same. */
  readonly message?: Size;
  /** What may have arrived unreceived before the peer has to wait. Default 256 messages or 1M. */
  readonly unread?: BoundOptions;
  readonly retry?: RetryOptions;
  /** Of a listener: peers that may wait. Default 16. */
  readonly waiting?: number;
  /** Of a listener, how long a send waits for somebody to call: default 4s. Of a pair, how long a call waits while the
   *  other end is not there: default as long as it takes. */
  readonly patience?: Duration;
  /** Of the end of a pair that calls: where the other end may be as well, since its component moves between hosts. More
   *  addresses or paths, as `tcp` or `unix` itself has one. */
  readonly elsewhere?: readonly string[];
  readonly rights?: readonly GateRight[];
}

/** Of gates to HTTP services. */
export interface HttpGateOptions {
  /** The largest request, and the largest body of an answer that is not received in pieces. Default 1M, at most 64M. */
  readonly message?: Size;
  /** Requests that wait and answers that are unread, taken together. Default 32, or 16M. */
  readonly unread?: BoundOptions;
  readonly retry?: RetryOptions;
  /** How long an answer may take. Default 30s. */
  readonly within?: Duration;
  /** The file of certificates, in PEM, of those who vouch for the server. Default: those that the system trusts. */
  readonly ca?: string | URL;
  readonly rights?: readonly GateRight[];
}

/** Where children's messages go and come from. `rights` defaults to all. */
export type GateOptions =
  /** The program itself, by `host.gate(name)`. `unread`, each way: default 10,000 messages or 16M. */
  | { readonly queue: true; readonly unread?: BoundOptions; readonly rights?: readonly GateRight[] }
  /** A peer at "HOST:PORT", or with `listen` whoever calls there. */
  | ({ readonly tcp: string } & StreamGateOptions)
  /** The same over the Unix socket at this path, of at most 107 bytes when it is absolute. */
  | ({ readonly unix: string | URL } & StreamGateOptions)
  /** The service at "http://HOST:PORT" or "https://HOST:PORT"; messages are requests and answers. */
  | ({ readonly http: string } & HttpGateOptions)
  /** A provider of the program's own, served in its thread. The host never closes it. */
  | { readonly provider: GateProvider; readonly rights?: readonly GateRight[] };

/** What children read by ROM sessions. `host.rom(name)` replaces it. A `file` is read once, when the host opens. */
export type RomOptions =
  { readonly text: string } | { readonly json: unknown } | { readonly file: string | URL };

export interface HostOptions {
  /** The directory of its key and its images, made at first use, mode 0700. Default `./.cryonode`. */
  readonly state?: string | URL;
  /** Its name in events and errors. Default `here`. */
  readonly name?: string;
  /** RAM quota for all children together. Default 256M. */
  readonly ram?: Size;
  /** Capability quota for all children together. Default 10,000. */
  readonly caps?: number;
  /** Providers by name: routes lead to them. */
  readonly files?: Readonly<Record<string, FileOptions>>;
  readonly gates?: Readonly<Record<string, GateOptions>>;
  readonly roms?: Readonly<Record<string, RomOptions>>;
  /** Public keys of other hosts whose images it accepts, as `host.publicKey` and `cryonode key` give them. */
  readonly trust?: readonly string[];
  /** The folder where the epochs of gates lie. Hosts whose children may move between them, and use the same peers, name
   *  the same folder. Default: `epochs` in the state directory. */
  readonly epochs?: string | URL;
  /** How long a turn may be stuck inside one built-in call before its child faults. Default 5s. */
  readonly silence?: Duration;
  /** How many threads the children share. Default: each has one of its own. A child that is stuck in a built-in call
   *  faults with all others of its thread; but a thread takes some 20 MB, and a few serve a thousand children. */
  readonly threads?: number;
  /** The file system that images are written to and read from: specs inject faults. Default: the real one. */
  readonly images?: FilePower;
}

/** Which session requests of a child are granted, and by what. The first route that matches decides; no match is a
 *  denial. */
export interface RouteOptions {
  /** `LOG`, `Timer`, `ROM`, `Report`, `File_system`, `Gate`, or with `to: { child }` a name that a child announces. */
  readonly service: string;
  /** The label it matches. Default: any. */
  readonly label?: string;
  /** The host's provider, or the child that serves it. Default: the provider that the session's label names. */
  readonly to?: string | { readonly child: string };
  /** How long calls wait for that child while it is frozen or has not announced the service, in ms. Default: as long
   *  as it takes. */
  readonly patience?: number;
  /** The session with that child stays on one host: neither moves without the other. Default: it is carried between the
   *  hosts. */
  readonly local?: boolean;
  /** ROM: reads the report of this name. Report: publishes under it. */
  readonly report?: string;
  /** Rights that the session is given at most. Default: all that the provider gives. */
  readonly rights?: readonly (FileRight | GateRight)[];
  /** File_system: what a handle does at a revival when its file is no longer what it was. Default `strict`. */
  readonly policy?: FilePolicy;
  /** Gate, on a durable host: what becomes of a message to a foreign peer that a crash came into. Default
   *  `at-least-once`. */
  readonly delivery?: "at-least-once" | "at-most-once";
  /** Timer: what a sleeping timer keeps across a freeze, the time that remained or the hour. Default `remaining`. */
  readonly deadline?: "remaining" | "wall";
}

/** Under which quota and routes a child lives. */
export interface EntryOptions {
  /** RAM quota, at least 3M. Default 8M. */
  readonly ram?: Size;
  /** Capability quota. Default 100. */
  readonly caps?: number;
  /** What its `env.config()` answers; plain JSON. Default `{}`. */
  readonly config?: unknown;
  /** Default: none, and so nothing is granted. */
  readonly routes?: readonly RouteOptions[];
  /** How long one turn may run. Nominal: it is counted in interrupt polls. Default 3s. */
  readonly turn?: Duration;
}

export interface StartOptions extends EntryOptions {
  /** Its name on this host; its label is `init -> NAME`. */
  readonly name: string;
  /** The component's TypeScript file. */
  readonly component: string | URL;
  /** Folders below which it may import, besides its own. */
  readonly roots?: readonly (string | URL)[];
  /** Whether it waits for `go` or `until` before its first turn. Default false. */
  readonly held?: boolean;
}

/** Where `routes` are left out, the child lives under what it was started or revived with on this host before. */
export interface ReviveOptions extends EntryOptions {
  /** Makes a clone: a child of this name, with an identity of its own. The image is not used up then. */
  readonly as?: string;
  /** Whether it waits for `go` or `until` before its first turn. Default false. */
  readonly held?: boolean;
}

/** For all children of an image. */
export interface ReviveAllOptions {
  /** Quota and routes by child, or by clone. Default: what each was started or revived with on this host before. */
  readonly entries?: Readonly<Record<string, EntryOptions>>;
  /** Makes clones, with identities of their own: the name of each child's clone by its own. Sessions that the children
   *  have with one another the clones have with one another. The image is not used up then. */
  readonly as?: Readonly<Record<string, string>>;
  /** Whether they wait for `go` or `until` before their first turns. Default false. */
  readonly held?: boolean;
}

export interface FreezeOptions {
  /** How long the turn that runs, and calls that must complete, are waited for. Default 5s. */
  readonly deadline?: Duration;
}

export interface ServiceOptions {
  /** What the server's root is told as the session's label. Default: empty. */
  readonly label?: string;
  /** What it is told besides; plain JSON. Default `{}`. */
  readonly args?: Readonly<Record<string, unknown>>;
  /** How long the announcement, and a call whose child is frozen, is waited for. Default: as long as it takes. */
  readonly patience?: Duration;
}
