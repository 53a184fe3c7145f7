// Framing by hand, so that ours is not its own witness.

import type { Framing } from "../../../runtime/provider/gate/framing.ts";
import type { Message } from "../../../runtime/provider/gate/gate-provider.ts";

/** Text as a line, bytes with their length. */
export const encode = (message: Message): Buffer => {
  if (typeof message === "string") return Buffer.from(`${message}\n`);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(message.byteLength);
  return Buffer.concat([head, message]);
};

export const decode = (framing: Framing, bytes: Buffer): Message[] => {
  if (framing === "line") return bytes.toString().split("\n").slice(0, -1);
  const messages: Message[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    if (at + 4 + length > bytes.length) break;
    messages.push(new Uint8Array(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return messages;
};
