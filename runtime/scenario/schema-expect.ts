// The `expect` step: what a scenario's verdict is made of.

import { E } from "../../lib/fp.ts";
import { schema } from "./schema.ts";
import type { Schema } from "./schema.ts";
import { fields, variants } from "./schema-fields.ts";
import { providerFile } from "./schema-path.ts";
import type { ProviderFile } from "./schema-path.ts";
import { SERVICES } from "./schema-route.ts";
import { faultMatch, lineMatches, sha256, textMatch } from "./schema-text.ts";
import type { LineMatch, TextMatch } from "./schema-text.ts";
import { filled, mapped, name, refined, text, whole, word } from "./schema-value.ts";
import { nearest } from "../nearest.ts";

/** The steps whose failure an `expect` of `error` can take. */
export const FAILING = [
  "until",
  "start",
  "freeze",
  "revive",
  "checkpoint",
  "migrate",
  "kill",
  "send",
  "rom",
  "write",
  "remove",
] as const;

export type FailingStep = (typeof FAILING)[number];

export type FileContent =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "lines"; readonly lines: readonly LineMatch[] }
  /** Lower-case hexadecimal. */
  | { readonly kind: "sha256"; readonly sha256: string };

/** `On` is the host whose providers it looks at. `matches: null` takes any text. */
export type Expectation<On = string> =
  | { readonly kind: "file"; readonly on: On; readonly file: ProviderFile; readonly content: FileContent }
  | { readonly kind: "log"; readonly child: string; readonly lines: readonly LineMatch[] }
  | { readonly kind: "gate"; readonly on: On; readonly gate: string; readonly sent: readonly LineMatch[] }
  | { readonly kind: "exit"; readonly child: string; readonly code: number }
  | { readonly kind: "fault"; readonly child: string; readonly matches: TextMatch | null }
  | { readonly kind: "denied"; readonly child: string; readonly service: string }
  | { readonly kind: "error"; readonly step: FailingStep; readonly matches: TextMatch | null };

type Draft = Expectation<string | undefined>;

export const exitCode = whole(0, 255);

const file = variants("an expectation of a file", {
  text: mapped(fields("an expectation", { file: providerFile, text }, { on: name }), (given) => ({
    ...given,
    content: { kind: "text", text: given.text } as FileContent,
  })),
  lines: mapped(
    fields("an expectation", { file: providerFile, lines: lineMatches }, { on: name }),
    (given) => ({
      ...given,
      content: { kind: "lines", lines: given.lines } as FileContent,
    }),
  ),
  sha256: mapped(fields("an expectation", { file: providerFile, sha256 }, { on: name }), (given) => ({
    ...given,
    content: { kind: "sha256", sha256: given.sha256 } as FileContent,
  })),
});

/** One message may stand alone. */
const sent: Schema<readonly LineMatch[]> = schema("a list of messages", (tree, context) =>
  lineMatches.validate(
    tree.kind === "leaf" && tree.value !== null
      ? { kind: "list", items: [tree], at: tree.at, span: tree.span }
      : tree,
    context,
  ),
);

/**
 * Any name a component may have asked for; another spelling of a service of the host is a slip.
 */
const deniedService = refined(filled, `the name of a service, such as ${SERVICES.join(", ")}`, (given) => {
  const known = nearest(given, SERVICES);
  const slip = known !== null && known !== given && spelling(known) === spelling(given);
  return slip ? E.left(known) : E.right(given);
});

const spelling = (service: string): string => service.toLowerCase().replaceAll(/[^a-z]/g, "");

export const expectSchema: Schema<Draft> = variants("an expectation", {
  file: mapped(file, ({ file: place, on, content }): Draft => ({ kind: "file", on, file: place, content })),
  log: mapped(
    fields("an expectation of a log", { log: name, lines: lineMatches }, {}),
    ({ log, lines }): Draft => ({ kind: "log", child: log, lines }),
  ),
  gate: mapped(
    fields("an expectation of a gate", { gate: name, sent }, { on: name }),
    ({ gate, on, sent: lines }): Draft => ({ kind: "gate", on, gate, sent: lines }),
  ),
  exit: mapped(
    fields("an expectation of an exit", { exit: name, code: exitCode }, {}),
    ({ exit, code }): Draft => ({ kind: "exit", child: exit, code }),
  ),
  fault: mapped(
    fields("an expectation of a fault", { fault: name }, { matches: faultMatch }),
    ({ fault, matches = null }): Draft => ({ kind: "fault", child: fault, matches }),
  ),
  denied: mapped(
    fields("an expectation of a denial", { denied: name, service: deniedService }, {}),
    ({ denied, service }): Draft => ({ kind: "denied", child: denied, service }),
  ),
  error: mapped(
    fields("an expectation of an error", { error: word(FAILING) }, { matches: textMatch }),
    ({ error, matches = null }): Draft => ({ kind: "error", step: error, matches }),
  ),
});
