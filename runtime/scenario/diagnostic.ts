// What is wrong with a file, and where. Line and column count from 1, columns in UTF-16 code units.

export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Diagnostic extends Position {
  /** The file as its reader was given it. */
  readonly file: string;
  /** What stood there, what was expected and, where there is one, the nearest right word. */
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
