// RAM, served: dataspaces, and the figures of the quota they come from.
import { E } from "../../lib/fp.ts";
import { selectorBehind } from "../../lib/selector.ts";
import type { SessionError } from "../../lib/error.ts";
import { Ram } from "../../lib/session/ram.ts";
import { DataspaceMemory, isDataspace, makeDataspace, memoryBehind } from "./dataspace.ts";
import type { Answer, CoreObject, Serving } from "./service.ts";

/** What the core sessions see of their protection domain. */
export interface Accounts {
  /** Bytes assigned and in use. */
  ram(): { readonly quota: number; readonly used: number };
  /** Capabilities assigned and in use. */
  caps(): { readonly quota: number; readonly used: number };
  /** The object that a selector of this protection domain names. */
  object(selector: number): CoreObject | undefined;
  /** Brings the content of a dataspace here that others share: resolves with why not, or null. Null, where it is here
   *  already. */
  fetch(memory: DataspaceMemory): Promise<SessionError | null> | null;
  /** Hands unused quota to the parent. All of it or nothing. */
  toParent(ram: number, caps: number): Answer<void>;
}

const unknownPartner = (to: string): SessionError => ({
  tag: "Denied",
  service: "RAM",
  label: to,
  reason: 'quota goes to "parent" only',
});

const notOwn: SessionError = {
  tag: "Denied",
  service: "RAM",
  label: "",
  reason: "only the component that allocated a dataspace frees it",
};

export const makeRam = (accounts: Accounts): Serving<typeof Ram> => ({
  contract: Ram,
  alloc(bytes) {
    const { quota, used } = accounts.ram();
    if (bytes > quota - used)
      return E.left({ tag: "QuotaExceeded", resource: "ram", wanted: bytes, available: quota - used });
    return E.right(makeDataspace(new DataspaceMemory(bytes)));
  },
  free(dataspace) {
    const object = accounts.object(selectorBehind(dataspace));
    if (isDataspace(object)) return E.right(undefined);
    return E.left(memoryBehind(object) === undefined ? { tag: "Closed", what: "the dataspace" } : notOwn);
  },
  quota: () => E.right(accounts.ram().quota),
  used: () => E.right(accounts.ram().used),
  transfer: (to, bytes) => (to === "parent" ? accounts.toParent(bytes, 0) : E.left(unknownPartner(to))),
});
