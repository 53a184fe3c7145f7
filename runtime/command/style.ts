// Colours of a terminal, or none; and texts of strangers made safe for it.

export type Style = (text: string) => string;

export interface Styles {
  readonly bold: Style;
  readonly dim: Style;
  readonly good: Style;
  readonly bad: Style;
  readonly cold: Style;
  readonly warm: Style;
}

const plain: Style = (text) => text;
const code =
  (on: number, off: number): Style =>
  (text) =>
    `\u001b[${on}m${text}\u001b[${off}m`;

export const styles = (colours: boolean): Styles =>
  colours
    ? {
        bold: code(1, 22),
        dim: code(2, 22),
        good: code(32, 39),
        bad: code(31, 39),
        cold: code(36, 39),
        warm: code(33, 39),
      }
    : { bold: plain, dim: plain, good: plain, bad: plain, cold: plain, warm: plain };

/** Control characters would move the cursor or worse: they are spelt out. Newlines and tabs stay. */
export const harmless = (text: string): string =>
  text.replaceAll(
    /(?![\n\t])\p{Cc}/gu,
    (character) => `\\x${character.codePointAt(0)!.toString(16).padStart(2, "0")}`,
  );
