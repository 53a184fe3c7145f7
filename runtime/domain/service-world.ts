// What a protection domain does for its dealings with others.
import type { SessionError } from "../../lib/error.ts";
import type { ToDomain } from "../core/link.ts";
import type { Remote } from "../core/remote.ts";
import type { Answer, CoreObject } from "../core/service.ts";
import type { Waited } from "../intercept/interceptor.ts";
import type { RecordOf } from "../intercept/ledger.ts";

export interface ServiceWorld {
  /** Delivers a request to the component. `key`: of the call that it is. */
  serve(form: number, packet: string | Uint8Array, key?: number): void;
  /** Bytes assigned, and in use. */
  ram(): { readonly quota: number; readonly used: number };
  /** Puts an object that came in at a selector; refused where the quota has no room. */
  give(
    selector: number,
    object: CoreObject,
    what: Pick<RecordOf<"delegated">, "service" | "native" | "child" | "bytes">,
  ): SessionError | null;
  /** A session was renewed when the domain had been back for a while. */
  renewed(remote: Remote): void;
  /** Takes a capability away. */
  drop(selector: number): void;
  /** Nobody has this capability from here any more, or fewer. */
  unlent(selector: number): void;
  object(selector: number): CoreObject | undefined;
  /** Now, in ms: on the child's own clock and on the wall. */
  ownTime(): number;
  wallTime(): number;
  /** Whether the names of its incarnation go on: its past is being said again, or it was only at rest. */
  readonly goesOn: boolean;
  /** A name for a link. */
  name(): string;
  /** A message is taken in. */
  heard(message: ToDomain): void;
  /** Calls what the selector names on behalf of a holder, under a key that it keeps. A capability in the answer
   *  comes to lie at `fresh`. `waited`: for how long it was already called, before a freeze. */
  passOn(
    key: number,
    selector: number,
    method: string,
    args: unknown,
    waited: Waited | null,
    fresh: () => number,
    done: (answer: Answer<unknown>, fresh: number) => void,
  ): void;
}
