// What of a position two freezes must agree on.
import { FilePosition } from "../../runtime/core/file-position.ts";

/** A removed file comes back as another, of the same content. */
export const comparable = ([selector, position]: readonly [number, unknown]): unknown => {
  if (!FilePosition.is(position) || position.removed === undefined) return [selector, position];
  const { offset, removed, content } = position;
  return [selector, { offset, content, size: removed.size }];
};
