// What the easel offers to those who paint on its canvas. The canvas itself is memory: rows of characters.
import * as t from "io-ts";
import { args, capability, Dataspace, method, session } from "cryonode";

export const WIDTH = 24;
export const HEIGHT = 7;

export const Easel = session("Easel", {
  /** The canvas, WIDTH × HEIGHT bytes, to be attached by whoever paints. */
  canvas: method({ args: args([]), result: capability(Dataspace) }),
  /** How far the picture is, row by row, as the easel sees it. */
  look: method({ args: args([]), result: t.array(t.string) }),
  /** The painter has finished. */
  done: method({ args: args([]), result: t.void }),
});

/** The characters that one painter puts where it does not leave a dot. */
export const strokesOf = (
  picture: readonly string[],
): readonly (readonly [at: number, character: number])[] =>
  picture.flatMap((row, y) =>
    Array.from(row).flatMap((character, x) =>
      character === "." ? [] : [[y * WIDTH + x, character.charCodeAt(0)] as const],
    ),
  );
