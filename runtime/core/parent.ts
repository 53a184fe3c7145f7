// Parent, served: how a component asks for sessions, and says how it is doing.
import { E } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import { Parent, type SessionRequest } from "../../lib/session/parent.ts";
import { DONE, type Answer, type CoreObject, type Eventually, type Serving } from "./service.ts";

/** What a parent does for its child. */
export interface Parenthood {
  /** Opens a session by the child's routes. */
  open(request: SessionRequest): Eventually<CoreObject>;
  /** Whether the selector names a session of the child's own. */
  isSession(selector: number): boolean;
  /** The child ends when its turn is over. */
  exit(code: number): void;
  /** Completes the waiting call in a slot now. */
  cancel(slot: number): void;
  /** The child provides a service. */
  announce(service: string): Answer<void>;
  /** The child answers, or rejects, a call that it was asked to serve. */
  answer(key: number, message: string, bytes: readonly Uint8Array[]): Answer<void>;
  refuse(key: number, error: SessionError): Answer<void>;
  /** The child takes an object of its own away from all who hold it. */
  revoke(object: number): Answer<void>;
  /** The child has no use for a capability any more that came with a message. */
  lost(selector: number): Answer<void>;
}

export const makeParent = (parent: Parenthood): Serving<typeof Parent> => ({
  contract: Parent,
  // The session itself is the result, as a capability; the contract, which must name one type, says nothing.
  session: (request) => parent.open(request) as Eventually<never>,
  close: (selector) =>
    parent.isSession(selector) ? DONE : E.left({ tag: "Closed", what: `session ${selector}` }),
  exit(code) {
    parent.exit(Number.isInteger(code) ? code & 0xff : 1);
    return DONE;
  },
  returned: () => DONE,
  handlers: () => DONE,
  cancel(slot) {
    parent.cancel(slot);
    return DONE;
  },
  announce: (service) => parent.announce(service),
  answer: (key, message, ...bytes) => parent.answer(key, message, bytes),
  refuse: (key, error) => parent.refuse(key, error),
  revoke: (object) => parent.revoke(object),
  lost: (selector) => parent.lost(selector),
});
