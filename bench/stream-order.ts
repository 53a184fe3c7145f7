// What the bench and the thread at the other side of its gates say to each other.

/** Bytes of one call. */
export const BLOCK = 64 * 1024;

/** Who is at this side, and so whose connection is used. */
export type Client = "gate" | "plain" | "pair";

export interface Order {
  readonly client: Client;
  /** What the client does. */
  readonly does: "send" | "receive";
  readonly blocks: number;
}

/** As the client hears it. */
export const orderBytes = ({ does, blocks }: Order): Uint8Array =>
  new Uint8Array([does === "send" ? 0 : 1, blocks >> 8, blocks & 255]);
