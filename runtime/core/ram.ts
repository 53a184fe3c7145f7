// RAM, served: dataspaces, and the figures of the quota they come from.
import { E } from "../../lib/fp.ts";
import { selectorBehind } from "../../lib/selector.ts";
import type { SessionError } from "../../lib/error.ts";
import { Dataspace, Ram } from "../../lib/session/ram.ts";
import type { Answer, CoreObject, Serving } from "./service.ts";

/** What the core sessions see of their protection domain. */
export interface Accounts {
  /** Bytes assigned and in use. */
  ram(): { readonly quota: number; readonly used: number };
  /** Capabilities assigned and in use. */
  caps(): { readonly quota: number; readonly used: number };
  /** The object that a selector of this protection domain names. */
  object(selector: number): CoreObject | undefined;
  /** Hands unused quota to the parent. All of it or nothing. */
  toParent(ram: number, caps: number): Answer<void>;
}

/** A dataspace: its content lies here while it is attached nowhere, or in several places. */
export interface DataspaceObject extends Serving<typeof Dataspace> {
  readonly bytes: number;
  content: Uint8Array;
}

export const makeDataspace = (bytes: number): DataspaceObject => ({
  contract: Dataspace,
  bytes,
  content: new Uint8Array(bytes),
  size: () => E.right(bytes),
});

export const isDataspace = (object: CoreObject | undefined): object is DataspaceObject =>
  object?.contract === Dataspace;

const unknownPartner = (to: string): SessionError => ({
  tag: "Denied",
  service: "RAM",
  label: to,
  reason: 'quota goes to "parent" only',
});

export const makeRam = (accounts: Accounts): Serving<typeof Ram> => ({
  contract: Ram,
  alloc(bytes) {
    const { quota, used } = accounts.ram();
    if (bytes > quota - used)
      return E.left({ tag: "QuotaExceeded", resource: "ram", wanted: bytes, available: quota - used });
    return E.right(makeDataspace(bytes));
  },
  free(dataspace) {
    return isDataspace(accounts.object(selectorBehind(dataspace)))
      ? E.right(undefined)
      : E.left({ tag: "Closed", what: "the dataspace" });
  },
  quota: () => E.right(accounts.ram().quota),
  used: () => E.right(accounts.ram().used),
  transfer: (to, bytes) => (to === "parent" ? accounts.toParent(bytes, 0) : E.left(unknownPartner(to))),
});
