// The `steps` of a scenario file, one form each.

import type * as t from "io-ts";
import { E } from "../../lib/fp.ts";
import type { Position } from "../diagnostic.ts";
import type { CloneNames } from "../host/clone-names.ts";
import { refuse, schema, type Schema } from "./schema.ts";
import { exitCode, expectSchema } from "./schema-expect.ts";
import type { Expectation } from "./schema-expect.ts";
import { fields, variants } from "./schema-fields.ts";
import { imageName, providerFile } from "./schema-path.ts";
import type { ProviderFile } from "./schema-path.ts";
import { faultMatch, textMatch } from "./schema-text.ts";
import type { TextMatch } from "./schema-text.ts";
import { dictionary, flag, json, list, mapped, name, refined, text } from "./schema-value.ts";
import type { Json } from "./schema-value.ts";
import { duration } from "./unit.ts";

/** What an `until` waits for. `matches: null` takes any fault. */
export type Event =
  | { readonly kind: "log"; readonly matches: TextMatch }
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "fault"; readonly matches: TextMatch | null };

/**
 * What one step does, without its place. `On` is the host whose providers a step acts on: after checking
 * always a host's name. Images are as they were written, see `resolveImage`.
 */
export type Action<On = string> =
  /** `within` in ms. */
  | { readonly step: "until"; readonly child: string; readonly event: Event; readonly within: number }
  | { readonly step: "start"; readonly child: string }
  | (Cut & { readonly step: "freeze" | "checkpoint" })
  /** `on`: another host than the entries'; `as`: the entry of a clone, or those of all clones by the originals' names. */
  | { readonly step: "revive"; readonly image: string; readonly on?: string; readonly as?: CloneNames }
  | { readonly step: "kill"; readonly child: string }
  /** `to`: a host. `precopy`: whether memory goes over while they run. `within`: see `Cut`. */
  | {
      readonly step: "migrate";
      readonly children: readonly string[];
      /** Under which key they stand. */
      readonly key: "child" | "children";
      readonly to: string;
      readonly precopy?: boolean;
      readonly within?: number;
    }
  | { readonly step: "send"; readonly on: On; readonly gate: string; readonly text: string }
  | { readonly step: "rom"; readonly on: On; readonly name: string; readonly content: RomContent }
  | { readonly step: "write"; readonly on: On; readonly file: ProviderFile; readonly text: string }
  | { readonly step: "remove"; readonly on: On; readonly file: ProviderFile }
  | { readonly step: "expect"; readonly expect: Expectation<On> };

/** A cut through one child or several. */
export interface Cut {
  readonly children: readonly string[];
  /** Under which key they stand. */
  readonly key: "child" | "children";
  readonly image: string;
  /** For the turn that runs and the calls that must complete, in ms. */
  readonly within?: number;
}

export type RomContent =
  { readonly kind: "text"; readonly text: string } | { readonly kind: "json"; readonly json: Json };

/** A step where it stands. */
export type Step<On = string> = Action<On> & {
  /** Of its first word. */
  readonly at: Position;
  /** The step as it was written, on one line: what progress shows. */
  readonly source: string;
};

type Draft = Action<string | undefined>;

/** Children in one image. */
const MOST_MEMBERS = 64;

/** What `until` waits when it does not say, in ms. */
const WITHIN = 10_000;

const until: Schema<Draft> = variants("what to wait for", {
  log: mapped(
    fields("what to wait for", { child: name, log: textMatch }, { within: duration }),
    ({ child, log, within = WITHIN }): Draft => ({
      step: "until",
      child,
      event: { kind: "log", matches: log },
      within,
    }),
  ),
  exit: mapped(
    fields("what to wait for", { child: name, exit: exitCode }, { within: duration }),
    ({ child, exit, within = WITHIN }): Draft => ({
      step: "until",
      child,
      event: { kind: "exit", code: exit },
      within,
    }),
  ),
  fault: mapped(
    fields("what to wait for", { child: name, fault: faultMatch }, { within: duration }),
    ({ child, fault, within = WITHIN }): Draft => ({
      step: "until",
      child,
      event: { kind: "fault", matches: fault },
      within,
    }),
  ),
});

const rom: Schema<Draft> = variants("a change of a ROM", {
  text: mapped(fields("a change of a ROM", { name, text }, { on: name }), (given): Draft => ({
    step: "rom",
    on: given.on,
    name: given.name,
    content: { kind: "text", text: given.text },
  })),
  json: mapped(fields("a change of a ROM", { name, json }, { on: name }), (given): Draft => ({
    step: "rom",
    on: given.on,
    name: given.name,
    content: { kind: "json", json: given.json },
  })),
});

const members: Schema<readonly string[]> = refined(
  list(name),
  `a list of 1 to ${MOST_MEMBERS} children`,
  (children) => (children.length >= 1 && children.length <= MOST_MEMBERS ? E.right(children) : E.left(null)),
);

const cut = (what: string, withheld: readonly string[]): Schema<Cut> =>
  variants(what, {
    child: mapped(
      fields(what, { child: name, image: imageName }, { within: duration }, withheld),
      ({ child, ...given }): Cut => ({ children: [child], key: "child", ...given }),
    ),
    children: mapped(
      fields(what, { children: members, image: imageName }, { within: duration }, withheld),
      (given): Cut => ({ key: "children", ...given }),
    ),
  });

const clones = dictionary(name, name);

const CLONES = "the name of a clone, or a mapping of children to their clones";

const cloneNames: Schema<CloneNames> = schema(CLONES, (tree, context): t.Validation<CloneNames> => {
  if (tree.kind === "list") return refuse(tree, context, CLONES);
  return tree.kind === "mapping" ? clones.validate(tree, context) : name.validate(tree, context);
});

const ACTIONS = {
  until,
  start: mapped(name, (child): Draft => ({ step: "start", child })),
  freeze: mapped(cut("a freeze", []), (given): Draft => ({ step: "freeze", ...given })),
  revive: mapped(fields("a revival", { image: imageName }, { on: name, as: cloneNames }), (given): Draft => ({
    step: "revive",
    ...given,
  })),
  checkpoint: mapped(cut("a checkpoint", ["base"]), (given): Draft => ({ step: "checkpoint", ...given })),
  migrate: variants("a migration", {
    child: mapped(
      fields("a migration", { child: name, to: name }, { precopy: flag, within: duration }),
      ({ child, ...given }): Draft => ({ step: "migrate", children: [child], key: "child", ...given }),
    ),
    children: mapped(
      fields("a migration", { children: members, to: name }, { precopy: flag, within: duration }),
      (given): Draft => ({ step: "migrate", key: "children", ...given }),
    ),
  }),
  kill: mapped(fields("a kill", { child: name }, {}), (given): Draft => ({ step: "kill", ...given })),
  send: mapped(fields("a message", { gate: name, text }, { on: name }), (given): Draft => ({
    step: "send",
    gate: given.gate,
    text: given.text,
    on: given.on,
  })),
  rom,
  write: mapped(fields("a file's new text", { file: providerFile, text }, { on: name }), (given): Draft => ({
    step: "write",
    file: given.file,
    text: given.text,
    on: given.on,
  })),
  remove: mapped(fields("a file to remove", { file: providerFile }, { on: name }), (given): Draft => ({
    step: "remove",
    file: given.file,
    on: given.on,
  })),
  expect: mapped(expectSchema, (expect): Draft => ({ step: "expect", expect })),
};

/** One item of `steps`: a mapping with one key, the step's word. */
export const stepSchema: Schema<Draft> = variants(
  "a step",
  Object.fromEntries(
    Object.entries(ACTIONS).map(([word, action]) => [
      word,
      mapped(fields("a step", { [word]: action }, {}), (given): Draft => given[word]!),
    ]),
  ),
  { withheld: ["replace"], alone: true },
);
