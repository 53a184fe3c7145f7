// Where commands write: standard output for what was asked for, standard error for what is wrong.

export interface Console {
  /** A line on standard output. */
  readonly print: (line: string) => void;
  /** A line on standard error. */
  readonly complain: (line: string) => void;
  /** Whether standard output takes colours. */
  readonly colours: boolean;
}

export const processConsole = (): Console => ({
  print: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
  colours: process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "",
});
