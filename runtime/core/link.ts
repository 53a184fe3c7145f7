// Links between protection domains: one for each session with another child's service, and one for each capability
// that was handed over. Whoever holds a link calls, whoever owns it serves. What they say to each other goes by the
// host's broker, may be lost at a freeze, and is then said again: every message here may come twice.
import * as t from "io-ts";
import { struct, text } from "../../lib/codec.ts";
import type { SessionError } from "../../lib/error.ts";
import type { Answer } from "./service.ts";
import type { Parcel } from "./parcel.ts";
import type { SharedFromDomain, SharedToDomain } from "./shared-message.ts";

/** Where a session with a child's service leads. */
export interface SessionTarget {
  /** The child's name. */
  readonly child: string;
  readonly service: string;
  readonly label: string;
  /** Further arguments of the request, as JSON. */
  readonly args: string;
  /** How long it is waited for while the child is not there, in ms; null: as long as it takes. */
  readonly patience: number | null;
}

/** Who said something: the child's identity and its name. */
export const Sender = struct({ identity: text, child: text });
export type Sender = t.TypeOf<typeof Sender>;

/** Who handed a capability over. */
export interface DelegatedTarget {
  /** The child's name and identity. */
  readonly child: string;
  readonly owner: string;
  readonly service: string;
  /** See `SessionTarget`: that of the session which it came by. */
  readonly patience: number | null;
}

/** Replies that have come, and so need not be kept: those of `received`, and those of all calls before `oldest` that
 *  the same incarnation of the holder made. */
export interface Received {
  readonly received: readonly string[];
  readonly oldest: string;
}

/** A call is known by its link and `id`, whoever says it again. */
export interface LinkCall extends Received {
  readonly kind: "call";
  readonly link: string;
  readonly id: string;
  readonly method: string;
  readonly parcel: Parcel;
}

export type FromDomain =
  | SharedFromDomain
  | { readonly kind: "announce"; readonly service: string }
  // as a holder
  | { readonly kind: "connect"; readonly link: string; readonly target: SessionTarget }
  /** After a revival: goes on with a link of the past. `waiting` names the calls that have no reply yet. */
  | {
      readonly kind: "attach";
      readonly link: string;
      readonly session: SessionTarget | null;
      readonly delegated: DelegatedTarget | null;
      /** The dataspace that it leads to. */
      readonly dataspace: string | null;
      readonly waiting: readonly string[];
    }
  | LinkCall
  | ({ readonly kind: "received"; readonly link: string } & Received)
  | { readonly kind: "close"; readonly link: string }
  // as an owner
  | { readonly kind: "opened"; readonly link: string; readonly error: SessionError | null }
  | { readonly kind: "reply"; readonly link: string; readonly id: string; readonly answer: Answer<Parcel> }
  | { readonly kind: "revoke"; readonly link: string }
  /** Asks whether anybody holds a link: `left` comes where nobody does. */
  | { readonly kind: "held"; readonly link: string }
  /** After a revival: what it announced, and the links that it owns. */
  | { readonly kind: "serving"; readonly services: readonly string[]; readonly links: readonly OwnedLink[] };

export interface OwnedLink {
  readonly link: string;
  /** Identity of the child that holds it. */
  readonly holder: string;
  /** Whether its root has answered. */
  readonly open: boolean;
}

export type ToDomain =
  | SharedToDomain
  // to a holder
  | {
      readonly kind: "connected";
      readonly link: string;
      /** Identity of the owner; empty where it is not there yet. */
      readonly owner: string;
      readonly error: SessionError | null;
      /** The session of the past is gone, this is a new one. */
      readonly renewed: boolean;
    }
  | {
      readonly kind: "replied";
      readonly link: string;
      readonly id: string;
      readonly answer: Answer<Parcel>;
      readonly from: Sender;
    }
  | { readonly kind: "closed"; readonly link: string; readonly error: SessionError }
  // to an owner
  | {
      readonly kind: "open";
      readonly link: string;
      /** Identity and name of the child that asks. */
      readonly holder: string;
      readonly client: string;
      readonly service: string;
      readonly label: string;
      readonly args: string;
    }
  | { readonly kind: "called"; readonly call: LinkCall; readonly from: Sender }
  | ({ readonly kind: "received"; readonly link: string } & Received)
  | { readonly kind: "waits"; readonly link: string; readonly waiting: readonly string[] }
  | { readonly kind: "left"; readonly link: string };

export interface LinkPower {
  send(message: FromDomain): void;
}
