// Objects that the host's thread serves, as a shard sees them: core-shaped, every call a message.
import { returnedContract, type Contract } from "../../lib/contract.ts";
import { E } from "../../lib/fp.ts";
import type { Answer, CoreObject, Effect } from "../core/service.ts";
import type { Route } from "../core/route.ts";
import type { ToPortalClient, ToPortalServer } from "./protocol.ts";

/** Bytes that a call keeps only while it runs must be copied before they wait in a message. */
const kept = (args: readonly unknown[]): readonly unknown[] =>
  args.map((each) => (each instanceof Uint8Array ? new Uint8Array(each) : each));

export class PortalClient {
  readonly #send: (message: ToPortalServer) => void;
  readonly #waiting = new Map<number, (answer: ToPortalClient) => void>();
  /** The calls behind the promises that were answered with. */
  readonly #numbers = new WeakMap<Promise<unknown>, number>();
  #calls = 0;
  #objects = 0;

  constructor(send: (message: ToPortalServer) => void) {
    this.#send = send;
  }

  /** Takes in an answer. */
  answer(message: ToPortalClient): void {
    const resolve = this.#waiting.get(message.call);
    this.#waiting.delete(message.call);
    resolve?.(message);
  }

  /** Opens a session that the host serves, at `position` if it had one before. */
  async open(
    contract: Contract,
    provider: string,
    route: Route,
    position: unknown,
  ): Promise<Answer<CoreObject>> {
    const object = ++this.#objects;
    const { service } = contract;
    const { answer, served } = await this.#ask((call) => ({
      kind: "open",
      call,
      object,
      service,
      provider,
      route,
      position,
    }));
    return E.isLeft(answer) ? answer : E.right(this.#object(contract, object, served));
  }

  #ask(message: (call: number) => ToPortalServer): Promise<ToPortalClient> {
    const call = ++this.#calls;
    return new Promise((resolve) => {
      this.#waiting.set(call, resolve);
      this.#send(message(call));
    });
  }

  #call(
    object: number,
    method: string,
    args: readonly unknown[],
    returned: Contract | undefined,
  ): Promise<Answer<unknown>> {
    const fresh = returned === undefined ? 0 : ++this.#objects;
    const asked = this.#ask((call) => ({ kind: "call", call, object, fresh, method, args: kept(args) }));
    const call = this.#calls;
    const answered = asked.then(({ answer, served }) =>
      returned === undefined || E.isLeft(answer) ? answer : E.right(this.#object(returned, fresh, served)),
    );
    this.#numbers.set(answered, call);
    return answered;
  }

  #effect(object: number): Effect {
    const ask = async (kind: "enact" | "retract"): Promise<Answer<void>> =>
      (await this.#ask((call) => ({ kind, call, object }))).answer as Answer<void>;
    return {
      enact: () => ask("enact"),
      retract: () => ask("retract"),
      confirm: () => this.#send({ kind: "confirm", object }),
    };
  }

  #object(contract: Contract, object: number, served: ToPortalClient["served"]): CoreObject {
    const methods: Record<string, unknown> = {};
    for (const [name, method] of Object.entries(contract.methods)) {
      const returned = returnedContract(method);
      methods[name] = (...args: unknown[]) => this.#call(object, name, args, returned);
      // What reopens a returned object belongs to the object's session, beside its contract.
      if (returned !== undefined)
        methods[`re${name}`] = (...args: unknown[]) => this.#call(object, `re${name}`, args, returned);
    }
    return {
      contract,
      ...methods,
      life: {
        ...(typeof served?.changed === "string" ? { changed: served.changed } : {}),
        ...(served?.effect === true ? { effect: this.#effect(object) } : {}),
        hasten: () => this.#send({ kind: "hasten", object }),
        dismissed: () => this.#send({ kind: "dismissed", object }),
        suspend: () => this.#send({ kind: "suspend", object }),
        resume: () => this.#send({ kind: "resume", object }),
        capture: async () => (await this.#ask((call) => ({ kind: "capture", call, object }))).answer,
        release: async () => void (await this.#ask((call) => ({ kind: "release", call, object }))),
        cancel: (promise) => {
          const call = this.#numbers.get(promise);
          if (call !== undefined) this.#send({ kind: "cancel", object, call });
        },
      },
    };
  }
}
