// How capabilities of a domain's own go out: each as a link of its own, which the domain owns from then on.
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import { FIRST_SELECTOR, SERVE_CLOSE } from "../../lib/guest/abi.ts";
import { memoryBehind } from "../core/dataspace.ts";
import type { Outgoing, Parcel, PassedLink } from "../core/parcel.ts";
import { isNativeContract, isRemoteContract, passableContract } from "../core/remote-contract.ts";
import type { Answer } from "../core/service.ts";
import type { MemoryDesk } from "./memory-desk.ts";
import type { ServedLink } from "./served-link.ts";
import type { ServiceWorld } from "./service-world.ts";

/** Where the links are kept that go out. */
export interface Owned {
  /** A link that whoever has this identity is to hold. */
  made(holder: string): ServedLink;
  /** One of the component's objects goes out behind a link. */
  offer(served: ServedLink, object: number): void;
}

export class Handover {
  readonly #world: ServiceWorld;
  readonly #memory: MemoryDesk;
  readonly #owned: Owned;

  constructor(world: ServiceWorld, memory: MemoryDesk, owned: Owned) {
    this.#world = world;
    this.#memory = memory;
    this.#owned = owned;
  }

  /** A parcel for whoever has this identity, from what the component wrote. */
  parcel(message: Outgoing, receiver: string): Answer<Parcel> {
    const { passed, body, bytes } = message;
    const refused = passed
      .map((each) => (each[0] === 0 ? this.refusal(each[1]) : null))
      .find((error) => error !== null);
    if (refused !== undefined) {
      this.unsent(message);
      return E.left(refused);
    }
    const capabilities = passed.map((each): PassedLink => {
      const served = this.#owned.made(receiver);
      if (each[0] === 0) return this.#passed(served, each[1]);
      const [, object, service, native] = each;
      this.#owned.offer(served, object);
      return { link: served.link, service, native };
    });
    return E.right({ body, bytes: [...bytes], capabilities });
  }

  /** The component's library counts the objects that it hands out: these were not. */
  unsent({ passed }: Outgoing): void {
    for (const each of passed)
      if (each[0] === 1) this.#world.serve(SERVE_CLOSE, JSON.stringify([each[1], 1, 0]));
  }

  /** Why what lies at a selector can't be handed over; null where it can. */
  refusal(selector: number): SessionError | null {
    const object = this.#world.object(selector);
    if (object === undefined) return { tag: "Closed", what: `capability ${selector}` };
    const memory = memoryBehind(object);
    const shared = memory === undefined ? null : this.#memory.share(memory);
    if (shared !== null && E.isLeft(shared)) return shared.left;
    const { contract } = object;
    const passable = isRemoteContract(contract) || passableContract(contract.service) === contract;
    // What every domain is born with is its own.
    if (passable && selector >= FIRST_SELECTOR) return null;
    return {
      tag: "Denied",
      service: contract.service,
      label: "",
      reason: "a capability of this type can't be handed to another component",
    };
  }

  /** A link to a selector that is there for the link alone. */
  lend(selector: number, holder: string): PassedLink {
    const served = this.#owned.made(holder);
    served.lent = true;
    return this.#passed(served, selector);
  }

  /** What goes along for what lies at a selector, behind a link. */
  #passed(served: ServedLink, selector: number): PassedLink {
    served.selector = selector;
    const object = this.#world.object(selector)!;
    const { contract } = object;
    const { link } = served;
    const passed = { link, service: contract.service, native: isNativeContract(contract) };
    const memory = memoryBehind(object);
    const shared = memory === undefined ? null : this.#memory.share(memory);
    return shared === null || E.isLeft(shared) ? passed : { ...passed, dataspace: shared.right };
  }
}
