// Dataspaces, as protection domains hold them: a capability, and the memory behind it.
import { E } from "../../lib/fp.ts";
import { Dataspace } from "../../lib/session/ram.ts";
import type { CoreObject, Serving } from "./service.ts";

/** What a domain has to do with the others who share a dataspace with it. */
export interface Sharing {
  /** The name that all of them know it by. */
  readonly id: string;
  /** It is no more: whoever allocated it freed it, or has ended. */
  readonly gone: boolean;
  /** Takes what this domain has changed, for the others. */
  changed(difference: Uint8Array): void;
  /** It is attached here no more. */
  detached(): void;
  /** Whoever allocated it, here, has freed it. */
  freed(): void;
}

/** The memory of a dataspace. In a domain there is one for each dataspace, however many capabilities lead to it. */
export class DataspaceMemory {
  readonly bytes: number;
  /** What all attachments were last brought to; null where others share it and none of it is attached here. */
  content: Uint8Array | null;
  /** Null where nobody else was given it. */
  sharing: Sharing | null = null;

  constructor(bytes: number, content: Uint8Array | null = new Uint8Array(bytes)) {
    this.bytes = bytes;
    this.content = content;
  }
}

const memories = new WeakMap<CoreObject, DataspaceMemory>();

/** Notes what memory a capability leads to. */
export const bindMemory = (object: CoreObject, memory: DataspaceMemory): void =>
  void memories.set(object, memory);

/** The memory behind a capability to a dataspace; undefined behind any other. */
export const memoryBehind = (object: CoreObject | undefined): DataspaceMemory | undefined =>
  object === undefined ? undefined : memories.get(object);

/** A dataspace that this domain allocated. */
export const makeDataspace = (memory: DataspaceMemory): Serving<typeof Dataspace> => {
  const object: Serving<typeof Dataspace> = {
    contract: Dataspace,
    size: () => E.right(memory.bytes),
    life: { dismissed: () => memory.sharing?.freed() },
  };
  bindMemory(object, memory);
  return object;
};

/** Whether it was allocated here. */
export const isDataspace = (object: CoreObject | undefined): boolean => object?.contract === Dataspace;
