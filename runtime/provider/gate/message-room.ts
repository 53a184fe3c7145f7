// A message as bytes, with room around them for what a protocol writes there.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { Message } from "./gate-provider.ts";

export const messageTooLarge = (gate: string, bytes: number, limit: number): SessionError => ({
  tag: "TooLarge",
  what: `a message of gate ${gate}`,
  bytes,
  limit,
});

/**
 * The message in a fresh buffer, as UTF-8 where it is text, `head` bytes left free before and `tail` after it.
 * `TooLarge` above `limit` bytes, `InvalidArgument` for text that no encoding carries.
 */
export const roomFor = (
  gate: string,
  limit: number,
  message: Message,
  head: number,
  tail: number,
): Either<SessionError, Buffer> => {
  const bytes = typeof message === "string" ? Buffer.byteLength(message) : message.byteLength;
  if (bytes > limit) return E.left(messageTooLarge(gate, bytes, limit));
  if (typeof message === "string" && !isWellFormed(message))
    return E.left({
      tag: "InvalidArgument",
      method: "send",
      place: "message",
      expected: "well-formed text",
      actual: "text with half a surrogate pair",
    });
  const buffer = Buffer.allocUnsafe(head + bytes + tail);
  if (typeof message === "string") buffer.write(message, head, "utf8");
  else buffer.set(message, head);
  return E.right(buffer);
};

/** In the engine since Node 20, in the compiler's library for it not yet. */
const isWellFormed = (text: string): boolean =>
  (text as unknown as { isWellFormed(): boolean }).isWellFormed();
