// A route of a start entry: which of a child's session requests are granted, and by what.

import * as t from "io-ts";
import { E } from "../../lib/fp.ts";
import { aboutKey, placeOf, schema } from "./schema.ts";
import type { Read, Schema } from "./schema.ts";
import { fields } from "./schema-fields.ts";
import { anyRights, FILE_RIGHTS, GATE_RIGHTS } from "./schema-right.ts";
import type { FileRight, GateRight } from "./schema-right.ts";
import { filled, flag, name, text, whole, word } from "./schema-value.ts";
import { didYouMean, nearest, oneOf } from "../nearest.ts";
import { quoted } from "./tree.ts";
import type { Tree } from "./tree.ts";

export const SERVICES = ["LOG", "Timer", "ROM", "Report", "File_system", "Gate"] as const;
/** A day, in ms. */
const MOST_PATIENCE = 86_400_000;

/** One of the host's, or with `to: { child }` a name that a child announces. */
export type Service = (typeof SERVICES)[number] | (string & {});

/** What becomes of a file handle whose file changed while its child was frozen. */
export type FilePolicy = "strict" | "rebind" | "restore";
/** What a sleeping timer keeps: the time that remained, or the hour it was set for. */
export type Deadline = "remaining" | "wall";
/** What becomes of a message to a foreign peer that a crash of a durable host comes into. */
export type Delivery = "at-least-once" | "at-most-once";

export interface Route {
  readonly service: Service;
  /** The label it takes; left out, every label. */
  readonly label?: string;
  /**
   * The provider of the host. Left out, the session's label names the provider of a File_system, a Gate or a
   * ROM.
   */
  readonly to?: string;
  /** The child that serves it, which announces the service. */
  readonly child?: string;
  /** How long calls wait while that child is frozen or has not announced it, in ms; left out, as long as it takes. */
  readonly patience?: number;
  /** Its sessions stay on one host: the two components move together, or not at all. Left out, they are carried. */
  readonly local?: boolean;
  /** ROM: the report it reads. Report: the name it publishes under; left out, the session's label. */
  readonly report?: string;
  /** Narrows the provider's rights; left out, all that the provider gives. */
  readonly rights?: readonly (FileRight | GateRight)[];
  /** File_system alone; `strict` unless said otherwise. */
  readonly policy?: FilePolicy;
  /** Timer alone; `remaining` unless said otherwise. */
  readonly deadline?: Deadline;
  /** Gate alone; `at-least-once` unless said otherwise. */
  readonly delivery?: Delivery;
}

const hostService: Schema<Service> = schema("a service", (tree, context) => {
  const found = tree.kind === "leaf" ? tree.source : "";
  const known = SERVICES.find((each) => each === found);
  if (known !== undefined) return t.success(known);
  const meant = nearest(found, SERVICES);
  const stood = tree.kind === "leaf" && tree.value !== null ? quoted(found) : "no word";
  return t.failure(
    tree,
    context,
    `${placeOf(context)} is ${stood}; expected ${oneOf(SERVICES)}` +
      (meant === null && stood !== "no word"
        ? ", or with to: { child: NAME } what that child announces"
        : didYouMean(meant)),
  );
});

const hostShape = fields(
  "a route",
  { service: hostService },
  {
    label: text,
    to: name,
    report: filled,
    rights: anyRights,
    policy: word(["strict", "rebind", "restore"]),
    deadline: word(["remaining", "wall"]),
    delivery: word(["at-least-once", "at-most-once"]),
  },
);

const childShape = fields(
  "a route to a child",
  { service: filled, to: fields("a child", { child: name }, {}) },
  { label: text, patience: whole(0, MOST_PATIENCE), local: flag },
);

/** Whether a route leads to another child. */
const leadsToChild = (tree: Tree): boolean =>
  tree.kind === "mapping" && tree.entries.get("to")?.value.kind === "mapping";

/** The services that each key belongs to. */
const OWNERS: Readonly<Record<string, readonly Service[]>> = {
  to: ["ROM", "Report", "File_system", "Gate"],
  report: ["ROM", "Report"],
  rights: ["File_system", "Gate"],
  policy: ["File_system"],
  deadline: ["Timer"],
  delivery: ["Gate"],
};

/** One route. Keys and rights fit its service. */
export const routeSchema: Schema<Route> = schema("a route", (tree, context) => {
  if (leadsToChild(tree))
    return E.map(({ to: { child }, ...rest }: Read<typeof childShape>): Route => ({ ...rest, child }))(
      childShape.validate(tree, context),
    );
  const read = hostShape.validate(tree, context);
  if (E.isLeft(read) || tree.kind !== "mapping") return read;
  const route = read.right;
  const errors = Object.entries(OWNERS).flatMap(([key, services]) =>
    !tree.entries.has(key) || services.includes(route.service)
      ? []
      : [
          aboutKey(
            tree,
            context,
            key,
            `${key} stands in a ${route.service} route; expected it with ${oneOf(services)} alone`,
          ),
        ],
  );
  if (tree.entries.has("to") && tree.entries.has("report"))
    errors.push(
      aboutKey(tree, context, "report", `${placeOf(context)} has both to and report; expected one of them`),
    );
  const fitting: readonly string[] = route.service === "Gate" ? GATE_RIGHTS : FILE_RIGHTS;
  const strange = (route.rights ?? []).filter((right) => !fitting.includes(right));
  if (strange.length > 0 && errors.length === 0)
    errors.push(
      aboutKey(
        tree,
        context,
        "rights",
        `a ${route.service} route has the right ${strange.join(", ")}; expected ${oneOf(fitting)}`,
      ),
    );
  if (errors.length > 0) return t.failures(errors);
  // What a Report is published under is a name and no provider, whichever key gave it.
  const { to, ...rest } = route;
  return t.success(route.service === "Report" && to !== undefined ? { ...rest, report: to } : route);
});
