// From the text of a scenario file to a scenario, or to everything that is wrong with it. Pure: whether the
// files it names exist is for `readScenario` to say.

import { dirname, resolve } from "node:path";
import { E } from "../../lib/fp.ts";
import type { Either } from "../../lib/fp.ts";
import { inOrder } from "./diagnostic.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { item } from "./locate.ts";
import { namesIn, ONLY_HOST } from "./names.ts";
import { parseYaml } from "./parse-yaml.ts";
import type { Scenario } from "./scenario.ts";
import { aboutKey, read, refuse, schema } from "./schema.ts";
import type { Schema, Source } from "./schema.ts";
import { fields } from "./schema-fields.ts";
import { hostSchema } from "./schema-host.ts";
import type { HostSpec } from "./schema-host.ts";
import { startSchema } from "./schema-start.ts";
import type { StartSpec } from "./schema-start.ts";
import { stepSchema } from "./schema-step.ts";
import { filled, name } from "./schema-value.ts";
import * as t from "io-ts";
import type { Leaf, List, Mapping, Tree } from "./tree.ts";
import { complaints } from "./validate.ts";
import { validateQuotas, validateStart } from "./validate-start.ts";
import { validateSteps } from "./validate-step.ts";
import type { DraftStep } from "./validate-step.ts";

/** What stands in a file so far, with all complaints about it. */
export interface Reading {
  /** In the order of the file, each once. */
  readonly diagnostics: readonly Diagnostic[];
  /** Null where a diagnostic stands against it. */
  readonly scenario: Scenario | null;
  /** Entries that are right in themselves, whatever else is wrong. */
  readonly hosts: readonly HostSpec[];
  readonly start: readonly StartSpec[];
  /** Null where the text is no YAML. */
  readonly source: Source | null;
}

/** A mapping of named entries, kept as it stands: each entry is read on its own, so that all are. */
const entriesOf = (what: string, least: number): Schema<Mapping> =>
  schema(what, (tree, context) => {
    if (tree.kind !== "mapping" || tree.entries.size < least) return refuse(tree, context, what);
    const errors = [...tree.entries].flatMap(([key, { at, value }]) => {
      const leaf: Leaf = { kind: "leaf", value: key, source: key, at, span: [0, 0] };
      return E.isRight(name.validate(leaf, context))
        ? []
        : [
            aboutKey(
              value,
              context,
              key,
              `the name ${JSON.stringify(key.slice(0, 60))} stands here; expected ${name.name}`,
            ),
          ];
    });
    return errors.length > 0 ? t.failures(errors) : t.success(tree);
  });

const listOf = (what: string): Schema<List> =>
  schema(what, (tree, context) => (tree.kind === "list" ? t.success(tree) : refuse(tree, context, what)));

const outline = fields(
  "a scenario",
  { scenario: filled, start: entriesOf("a mapping from children's names to start entries", 0) },
  {
    hosts: entriesOf(
      "a mapping from at least one name to a host (without the key, one host is named here)",
      1,
    ),
    steps: listOf("a list of steps (without the key, the file is a host's configuration)"),
  },
);

/** A host without a word about it has its defaults. */
const orEmpty = (tree: Tree): Tree =>
  tree.kind === "leaf" && tree.value === null
    ? { kind: "mapping", entries: new Map(), at: tree.at, span: tree.span }
    : tree;

const entries = (tree: Tree | undefined): readonly (readonly [string, Tree])[] =>
  tree?.kind === "mapping" ? [...tree.entries].map(([key, { value }]) => [key, value] as const) : [];

/** A step as it was written, on one line of at most 160 characters. */
const oneLine = (text: string, [start, end]: readonly [number, number]): string => {
  const line = text
    .slice(start, end)
    .trim()
    .replaceAll(/\s*\n\s*/g, " ");
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
};

/** Reads as much of a scenario file as there is to read. */
export const readText = (text: string, file: string): Reading => {
  const yaml = parseYaml(text, file);
  if (E.isLeft(yaml)) return { diagnostics: yaml.left, scenario: null, hosts: [], start: [], source: null };
  const root = yaml.right;
  const source: Source = { file, text, root };
  const directory = dirname(resolve(file));
  const diagnostics: Diagnostic[] = [];
  const taken = <A>(result: Either<readonly Diagnostic[], A>): readonly A[] => {
    if (E.isRight(result)) return [result.right];
    diagnostics.push(...result.left);
    return [];
  };
  const section = (key: string): Tree | undefined => root.entries.get(key)?.value;

  const [head] = taken(read(outline, root, [], source));

  const given = section("hosts");
  const hosts = (
    given === undefined ? [[ONLY_HOST, orEmpty(nothing(root))] as const] : entries(given)
  ).flatMap(([host, tree]): HostSpec[] =>
    taken(read(hostSchema(directory), orEmpty(tree), ["hosts", host], source)).map((spec) => ({
      name: host,
      ...spec,
    })),
  );

  const names = namesIn(root);
  const [first = ONLY_HOST] = names.hosts.keys();
  const startEntries =
    section("start")?.kind === "mapping" ? (section("start") as Mapping).entries : new Map();
  const start = [...startEntries].flatMap(([child, { at, value }]): StartSpec[] =>
    taken(read(startSchema(directory, first), value, ["start", child], source)).map((spec) => ({
      name: child,
      ...spec,
      at,
    })),
  );

  const items = section("steps");
  const drafts = (items?.kind === "list" ? items.items : []).map((tree, index): DraftStep | null => {
    const [action] = taken(read(stepSchema, tree, ["steps", item(index)], source));
    return action === undefined ? null : { ...action, at: tree.at, source: oneLine(text, tree.span) };
  });

  // With a section missing, every mention of its names would be one more complaint.
  const whole = section("start")?.kind === "mapping" && (given === undefined || given.kind === "mapping");
  const complain = complaints(source, diagnostics);
  let steps: Scenario["steps"] = null;
  if (whole) {
    validateStart(start, start.length === names.children.size, names, complain);
    validateQuotas(hosts, start, complain);
    const isQueue = (host: string, gate: string) =>
      hosts.find((each) => each.name === host)?.gates[gate]?.kind !== "tcp";
    const settled = validateSteps(drafts, names, isQueue, complain);
    steps = items === undefined ? null : settled.filter((step) => step !== null);
  }
  const scenario: Scenario | null =
    head === undefined || diagnostics.length > 0
      ? null
      : { file, directory, title: head.scenario, hosts, start, steps };
  return { diagnostics: inOrder(diagnostics), scenario, hosts, start, source };
};

const nothing = (root: Mapping): Tree => ({ ...root, kind: "leaf", value: null, source: "" });

/** The scenario in a text, or all that is wrong with it. `file` gives its name and the folder of its paths. */
export const parseScenario = (text: string, file: string): Either<readonly Diagnostic[], Scenario> => {
  const { scenario, diagnostics } = readText(text, file);
  return scenario === null ? E.left(diagnostics) : E.right(scenario);
};
