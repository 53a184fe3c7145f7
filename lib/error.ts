// What a session may answer instead of a result: a closed union that carries facts. Prose is made in one
// place, `prose`. The same facts travel to the component, where they arrive as a `SessionFailure`.

/** `by`: the component that rejected the call, where one did. Nothing, where its runtime did. */
export type SessionError = Refusal & { readonly by?: string };

type Refusal =
  /** The parent's routes, a right, or a policy refuse it. */
  | {
      readonly tag: "Denied";
      readonly service: string;
      readonly label: string;
      readonly right?: string;
      readonly reason?: string;
    }
  /** More RAM, capabilities or calls than the quota holds. `wanted` and `available` in bytes or pieces. */
  | {
      readonly tag: "QuotaExceeded";
      readonly resource: "ram" | "caps" | "calls";
      readonly wanted: number;
      readonly available: number;
    }
  /** Nobody provides the service, or its provider has ended. */
  | { readonly tag: "NoSuchService"; readonly service: string; readonly label: string }
  /** A call that its contract does not allow; nothing was done. */
  | {
      readonly tag: "InvalidArgument";
      readonly method: string;
      readonly place: string;
      readonly expected: string;
      readonly actual: string;
    }
  /** The capability was closed, revoked, or never was. */
  | { readonly tag: "Closed"; readonly what: string }
  /** A call that was in flight at a freeze and whose method says `fail`. */
  | { readonly tag: "Interrupted"; readonly method: string }
  | { readonly tag: "NotFound"; readonly path: string }
  | { readonly tag: "AlreadyExists"; readonly path: string }
  | { readonly tag: "IsDirectory"; readonly path: string }
  | { readonly tag: "NotDirectory"; readonly path: string }
  | { readonly tag: "NotEmpty"; readonly path: string }
  /** A path that leaves its provider: absolute, `..`, a NUL, or a symbolic link on the way. */
  | { readonly tag: "InvalidPath"; readonly path: string; readonly reason: string }
  | { readonly tag: "NoSpace"; readonly path: string }
  /** A file that a handle comes back to is no longer what the handle knew. */
  | { readonly tag: "Changed"; readonly path: string; readonly difference: string }
  /** The gate's other end is gone and did not come back within the bounded retries. */
  | { readonly tag: "Disconnected"; readonly gate: string; readonly reason: string }
  /** A message or frame over the gate's bound, in bytes. */
  | { readonly tag: "TooLarge"; readonly what: string; readonly bytes: number; readonly limit: number }
  /** The service itself rejected the call: what its method threw, by the thrown error's `name` where it had one. */
  | { readonly tag: "Failed"; readonly service: string; readonly message: string; readonly name?: string }
  /** The component that serves it is frozen, or has not announced it yet, for longer than the route's patience,
   *  `waited` ms. A call that had reached it may still run, once. */
  | { readonly tag: "Unavailable"; readonly service: string; readonly label: string; readonly waited: number }
  /** A later incarnation of the component, on `host`, has taken its place with this provider: this one, of `epoch`,
   *  makes no effect any more. */
  | {
      readonly tag: "Stale";
      readonly service: string;
      readonly label: string;
      readonly epoch: number;
      /** 0, and the host empty, where nobody tells. */
      readonly latest: number;
      readonly host: string;
    }
  /** Any other failure of the operating system, by its code. */
  | { readonly tag: "Io"; readonly code: string; readonly what: string };

/** One sentence for people: what happened, with the values at hand. */
export const prose = (error: SessionError): string => {
  switch (error.tag) {
    case "Denied":
      return (
        `${error.service}${error.label === "" ? "" : ` "${error.label}"`} is denied` +
        (error.right === undefined ? "" : `: the right "${error.right}" is missing`) +
        (error.reason === undefined ? "" : `: ${error.reason}`)
      );
    case "QuotaExceeded":
      return `${error.resource} quota exceeded: ${error.wanted} wanted, ${error.available} available`;
    case "NoSuchService":
      return `nobody provides ${error.service}${error.label === "" ? "" : ` "${error.label}"`}`;
    case "InvalidArgument":
      return `${error.method}: ${error.place} is ${error.actual}, expected ${error.expected}`;
    case "Closed":
      return `${error.what} is closed`;
    case "Interrupted":
      return `${error.method} was interrupted by a freeze`;
    case "NotFound":
      return `${error.path} does not exist`;
    case "AlreadyExists":
      return `${error.path} exists already`;
    case "IsDirectory":
      return `${error.path} is a directory`;
    case "NotDirectory":
      return `${error.path} is not a directory`;
    case "NotEmpty":
      return `${error.path} is not empty`;
    case "InvalidPath":
      return `${JSON.stringify(error.path)} is not a path of this provider: ${error.reason}`;
    case "NoSpace":
      return `no space left for ${error.path}`;
    case "Changed":
      return `${error.path} is no longer what it was: ${error.difference}`;
    case "Disconnected":
      return `gate ${error.gate} is disconnected: ${error.reason}`;
    case "TooLarge":
      return `${error.what} of ${error.bytes} bytes exceeds ${error.limit}`;
    case "Failed":
      return `${error.service} failed: ${error.name === undefined ? "" : `${error.name}: `}${error.message}`;
    case "Unavailable":
      return `${error.service}${error.label === "" ? "" : ` "${error.label}"`} did not become available within ${error.waited} ms`;
    case "Stale":
      return `${error.service} "${error.label}" is held by a later incarnation${error.latest === 0 ? "" : `, of epoch ${error.latest}`}${error.host === "" ? "" : ` on host ${error.host}`}; this one is of epoch ${error.epoch}`;
    case "Io":
      return `${error.what} failed with ${error.code}`;
  }
};

/** What a rejected session call throws in a component; `name` is the error's tag, `facts` its values. */
export class SessionFailure extends Error {
  readonly facts: SessionError;
  constructor(facts: SessionError) {
    super(prose(facts));
    this.facts = facts;
    this.name = facts.tag;
  }
}

/** The routes, a right or a policy refused it. */
export class Denied extends SessionFailure {}
/** RAM, capability or call quota is used up. */
export class QuotaExceeded extends SessionFailure {}
/** Nobody provides the service. */
export class NoSuchService extends SessionFailure {}

/** A service's method threw. It has the `name` and the `message` of what was thrown. */
export class Failed extends SessionFailure {
  constructor(facts: SessionError & { readonly tag: "Failed" }) {
    super(facts);
    if (facts.name === undefined) return;
    this.name = facts.name;
    this.message = facts.message;
  }
}

/** The class a component catches, from the facts on the wire. */
export const failure = (facts: SessionError): SessionFailure => {
  switch (facts.tag) {
    case "Denied":
      return new Denied(facts);
    case "QuotaExceeded":
      return new QuotaExceeded(facts);
    case "NoSuchService":
      return new NoSuchService(facts);
    case "Failed":
      return new Failed(facts);
    default:
      return new SessionFailure(facts);
  }
};
