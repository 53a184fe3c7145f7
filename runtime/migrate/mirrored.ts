// What is said to a stand-in for somebody on another host, as that host hears it: what an owner is told is what its holder
// said, and the other way round.
import { E } from "../../lib/fp.ts";
import type { ToDomain } from "../core/link.ts";
import type { Parcel } from "../core/parcel.ts";
import type { CarriedMessage, CarriedOf } from "./carried-message.ts";

/** A parcel as it goes out: memory is never in one. */
const plain = ({ body, bytes, capabilities }: Parcel): CarriedOf<"call">["parcel"] => ({
  body,
  bytes,
  capabilities: capabilities.map(({ link, service, native }) => ({ link, service, native })),
});

/** A parcel as it came in. */
export const heardParcel = ({ body, bytes, capabilities }: CarriedOf<"call">["parcel"]): Parcel => ({
  body,
  bytes: [...bytes],
  capabilities: [...capabilities],
});

/** What is said to a stand-in, as its host hears it; null where it concerns nobody there. */
export const mirrored = (message: ToDomain): CarriedMessage | null => {
  switch (message.kind) {
    case "open": {
      const { link, holder, service, label, args } = message;
      return { kind: "connect", link, holder, service, label, args };
    }
    case "called": {
      const { link, id, method, parcel, received, oldest } = message.call;
      const holder = message.from.identity;
      return { kind: "call", link, holder, id, method, parcel: plain(parcel), received, oldest };
    }
    case "received":
      return { kind: "received", link: message.link, received: message.received, oldest: message.oldest };
    case "waits":
      return { kind: "waits", link: message.link, waiting: message.waiting };
    case "left":
      return { kind: "close", link: message.link };
    case "connected":
      return { kind: "opened", link: message.link, error: message.error };
    case "replied": {
      const { link, id, answer } = message;
      return {
        ...{ kind: "reply", link, id },
        answer: E.isLeft(answer) ? answer : E.right(plain(answer.right)),
      };
    }
    case "closed":
      return { kind: "revoke", link: message.link, error: message.error };
    case "fetched":
    case "taken":
    case "changed":
    case "gone":
    case "rejoined":
      return null;
  }
};
