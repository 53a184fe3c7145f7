// From the text of a scenario file to a scenario, or to everything that is wrong with it. Pure: whether the
// files it names exist is for `readScenario` to say.

import { dirname, resolve } from "node:path";
import { E } from "../../lib/fp.ts";
import type { Either } from "../../lib/fp.ts";
import { inOrder } from "../diagnostic.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { item, subtree } from "./locate.ts";
import { namesIn, ONLY_HOST } from "./names.ts";
import { parseYaml } from "./parse-yaml.ts";
import type { Scenario } from "./scenario.ts";
import { read } from "./schema.ts";
import type { Schema, Source } from "./schema.ts";
import { hostSchema } from "./schema-host.ts";
import { outlineSchema } from "./schema-outline.ts";
import { routeSchema } from "./schema-route.ts";
import { countOfChildren } from "./schema-rest.ts";
import { startSchema, type StartSpec } from "./schema-start.ts";
import { stepSchema } from "./schema-step.ts";
import { NOTHING } from "./tree.ts";
import type { Entry, Mapping, Tree } from "./tree.ts";
import { complaints } from "./validate.ts";
import { validatePeers } from "./validate-peers.ts";
import { validateQuotas, validateStart } from "./validate-start.ts";
import type { DraftStart } from "./validate-start.ts";
import { validateSteps } from "./validate-step.ts";
import type { DraftStep } from "./validate-step.ts";

/** What stands in a file, with all complaints about it. */
export interface Reading {
  /** In the order of the file, each once. */
  readonly diagnostics: readonly Diagnostic[];
  /** Null where a diagnostic stands against it. */
  readonly scenario: Scenario | null;
  /** Null where the text is no YAML. */
  readonly source: Source | null;
}

const sectionOf = (root: Mapping, key: string): ReadonlyMap<string, Entry> | null => {
  const section = root.entries.get(key)?.value;
  return section?.kind === "mapping" ? section.entries : null;
};

/** With a section misspelt or of another kind, every mention of its names would be one more complaint. */
const sectionsKnown = (root: Mapping): boolean =>
  [...root.entries.keys()].every((key) => ["scenario", "hosts", "start", "steps"].includes(key)) &&
  sectionOf(root, "start") !== null &&
  (!root.entries.has("hosts") || sectionOf(root, "hosts") !== null);

/** A host without a word about it has its defaults. */
const orEmpty = (tree: Tree): Tree =>
  tree.kind === "leaf" && tree.value === null ? { ...tree, kind: "mapping", entries: new Map() } : tree;

/** A step as it was written, on one line of at most 160 characters. */
const oneLine = (text: string, [start, end]: readonly [number, number]): string => {
  const line = text
    .slice(start, end)
    .trim()
    .replaceAll(/\s*\n\s*/g, " ");
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
};

const valueOr = <A>(of: Schema<A>, tree: Tree | null, source: Source): A | null => {
  const result = tree === null ? null : read(of, tree, [], source);
  return result !== null && E.isRight(result) ? result.right : null;
};

/** What is right of a start entry, whatever is wrong elsewhere in it. */
const draftStart = (name: string, tree: Tree, first: string, source: Source): DraftStart => {
  const on = subtree(tree, ["on"]);
  const routes = subtree(tree, ["routes"]);
  return {
    name,
    on: on?.kind === "leaf" && on.value !== null ? on.source : first,
    count: valueOr(countOfChildren, subtree(tree, ["count"]), source),
    routes: (routes?.kind === "list" ? routes.items : []).map((route) => valueOr(routeSchema, route, source)),
  };
};

/** The children that an entry stands for. */
const single = ({ count, ...entry }: StartSpec): readonly StartSpec[] =>
  count === undefined
    ? [entry]
    : Array.from({ length: count }, (_, n) => ({
        ...entry,
        name: `${entry.name}-${n + 1}`,
      }));

/** Reads as much of a scenario file as there is to read. */
export const readText = (text: string, file: string): Reading => {
  const yaml = parseYaml(text, file);
  if (E.isLeft(yaml)) return { diagnostics: yaml.left, scenario: null, source: null };
  const root = yaml.right;
  const source: Source = { file, root };
  const directory = dirname(resolve(file));
  const diagnostics: Diagnostic[] = [];
  const taken = <A>(of: Schema<A>, tree: Tree, path: readonly string[]): readonly A[] => {
    const result = read(of, tree, path, source);
    if (E.isRight(result)) return [result.right];
    diagnostics.push(...result.left);
    return [];
  };

  const [outline] = taken(outlineSchema, root, []);
  const names = namesIn(root);
  const [first = ONLY_HOST] = names.hosts.keys();
  const given = sectionOf(root, "hosts") ?? new Map([[ONLY_HOST, { at: root.at, value: NOTHING }]]);
  const hosts = [...given].flatMap(([name, { value }]) =>
    taken(hostSchema(directory), orEmpty(value), ["hosts", name]).map((spec) => ({ name, ...spec })),
  );
  const entries = [...(sectionOf(root, "start") ?? [])];
  const start = entries.flatMap(([name, { at, value }]) =>
    taken(startSchema(directory, first), value, ["start", name]).map((spec) => ({ name, ...spec, at })),
  );
  const items = root.entries.get("steps")?.value;
  const drafts = (items?.kind === "list" ? items.items : []).map((tree, index): DraftStep | null => {
    const [action] = taken(stepSchema, tree, ["steps", item(index)]);
    return action === undefined ? null : { ...action, at: tree.at, source: oneLine(text, tree.span) };
  });

  const complain = complaints(source, diagnostics);
  let steps: Scenario["steps"] = null;
  if (sectionsKnown(root)) {
    validateStart(
      entries.map(([name, { value }]) => draftStart(name, value, first, source)),
      names,
      items !== undefined,
      complain,
    );
    validateQuotas(hosts, start, complain);
    validatePeers(hosts, complain);
    const settled = validateSteps(drafts, names, complain);
    if (items !== undefined) steps = settled.filter((step) => step !== null);
  }
  const scenario: Scenario | null =
    outline === undefined || diagnostics.length > 0
      ? null
      : { file, directory, title: outline.scenario, hosts, start: start.flatMap(single), steps };
  return { diagnostics: inOrder(diagnostics), scenario, source };
};

/** The scenario in a text, or all that is wrong with it. `file` gives its name and the folder of its paths. */
export const parseScenario = (text: string, file: string): Either<readonly Diagnostic[], Scenario> => {
  const { scenario, diagnostics } = readText(text, file);
  return scenario === null ? E.left(diagnostics) : E.right(scenario);
};
