// What a component asks of its parent: sessions, and what it says of itself and of what it serves.
import { E } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import type { SessionRequest } from "../../lib/session/parent.ts";
import type { Parenthood } from "../core/parent.ts";
import { DONE, type Answer, type CoreObject, type Eventually } from "../core/service.ts";
import type { CallDesk } from "./call-desk.ts";
import type { ServiceDesk } from "./service-desk.ts";
import type { SessionRequests } from "./session-requests.ts";

const NO_SUCH_CALL: SessionError = {
  tag: "InvalidArgument",
  method: "Parent.answer",
  place: "its key",
  expected: "one of a call that runs",
  actual: "another",
};

export class ParentDesk implements Parenthood {
  readonly #requests: SessionRequests;
  readonly #desk: CallDesk;
  readonly #services: ServiceDesk;
  #exitCode: number | null = null;

  constructor(requests: SessionRequests, desk: CallDesk, services: ServiceDesk) {
    this.#requests = requests;
    this.#desk = desk;
    this.#services = services;
  }

  /** What it is to end with when its turn is over; null: it goes on. */
  get exitCode(): number | null {
    return this.#exitCode;
  }

  open(request: SessionRequest): Eventually<CoreObject> {
    return this.#requests.open(request);
  }
  isSession(selector: number): boolean {
    const kind = this.#desk.ledger.capabilities[String(selector)]?.kind;
    return kind === "session" || kind === "delegated";
  }
  exit(code: number): void {
    this.#exitCode = code;
  }
  cancel(slot: number): void {
    this.#desk.cancel(slot);
  }
  announce(service: string): Answer<void> {
    return this.#services.announce(service);
  }
  answer(key: number, message: string, bytes: readonly Uint8Array[]): Answer<void> {
    return this.#services.answer(key, message, bytes) ? DONE : E.left(NO_SUCH_CALL);
  }
  refuse(key: number, error: SessionError): Answer<void> {
    return this.#services.refuse(key, error) ? DONE : E.left(NO_SUCH_CALL);
  }
  revoke(object: number): Answer<void> {
    this.#services.revoke(object);
    return DONE;
  }
  lost(selector: number): Answer<void> {
    this.#desk.lose(selector);
    return DONE;
  }
}
