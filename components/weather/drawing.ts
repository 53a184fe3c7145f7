// Figures as a reader of plain text sees them.

const STEPS = "▁▂▃▄▅▆▇█";
const PARTS = " ▏▎▍▌▋▊▉";

/** One character for each value up to `most`; a dot for none. */
export const sparkline = (values: readonly number[], most: number): string =>
  values
    .map((value) => (value === 0 ? "·" : STEPS.charAt(Math.min(7, Math.floor((value / most) * 8)))))
    .join("");

/** A bar of `width` characters where `value` is `most`. */
export const bar = (value: number, most: number, width: number): string => {
  const eighths = Math.round((value / most) * width * 8);
  return ("█".repeat(eighths >> 3) + PARTS.charAt(eighths & 7)).trimEnd();
};

/** A number with a proper minus sign, in at least `width` characters. */
export const figure = (value: number, digits: number, width = 0): string =>
  value.toFixed(digits).replace("-", "−").padStart(width);
