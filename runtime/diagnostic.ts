// What is wrong in an input file, and where. Every reader of input (scenarios, components) reports in this
// shape, so that all of them are printed alike.

export type Diagnostic = {
  /** The file, as a person would name it: as it was given, or absolute. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** What stood there, what was expected, and the nearest right word where there is one. */
  readonly message: string;
};

/** `FILE:LINE:COLUMN: message`. */
export const renderDiagnostic = ({ file, line, column, message }: Diagnostic): string =>
  `${file}:${line}:${column}: ${message}`;
