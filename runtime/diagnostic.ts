// What is wrong in an input file, and where. Every reader of input (scenarios, components) reports in this
// shape, so that all of them are printed alike.

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
}

export interface Diagnostic extends Position {
  /** The file, as a person would name it: as it was given, or absolute. */
  readonly file: string;
  /** What stood there, what was expected, and the nearest right word where there is one. */
  readonly message: string;
}

/** One line for people and editors: `FILE:LINE:COLUMN: message`. */
export const renderDiagnostic = ({ file, line, column, message }: Diagnostic): string =>
  `${file}:${line}:${column}: ${message}`;

/** By position, and each complaint once: what an alias repeats is read several times. */
export const inOrder = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] => {
  const seen = new Set<string>();
  return diagnostics
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .filter((diagnostic) => {
      const text = renderDiagnostic(diagnostic);
      return !seen.has(text) && seen.add(text);
    });
};
