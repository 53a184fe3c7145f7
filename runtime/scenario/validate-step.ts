// Cross-checks of steps: children, hosts and providers exist, and an expected failure follows what can fail.
// They also settle on which host each step acts: the one it names, else the first that has the provider.

import { item } from "./locate.ts";
import type { Path } from "./locate.ts";
import type { Names, ProviderKind } from "./names.ts";
import type { Expectation } from "./schema-expect.ts";
import type { Cut, Step } from "./schema-step.ts";
import { nearest } from "../nearest.ts";
import type { Complaints } from "./validate.ts";
import { CALLED } from "./validate-start.ts";

export type DraftStep = Step<string | undefined>;

/** What earlier steps mean for the names in later ones. */
interface Past {
  /** Images that earlier steps wrote, and whom they hold. */
  readonly images: Map<string, readonly string[]>;
  /** Children that only an image brings. */
  readonly revived: Set<string>;
  /** An image of another run was revived: it may have brought a child this file does not know. */
  stranger: boolean;
}

const failureExpected = (step: DraftStep | null | undefined): boolean =>
  step?.step === "expect" && (step.expect.kind === "error" || step.expect.kind === "denied");

/**
 * The steps with their hosts. A step that is null was wrong in itself and stays null.
 */
export const validateSteps = (
  steps: readonly (DraftStep | null)[],
  names: Names,
  complain: Complaints,
): readonly (Step | null)[] => {
  const past: Past = { images: new Map(), revived: new Set(), stranger: false };

  const checkChild = (path: Path, child: string): void => {
    if (names.children.has(child) || past.revived.has(child)) return;
    if (past.stranger && nearest(child, names.children.keys()) === null) return;
    complain.unknown(path, child, "a child of start", names.children.keys());
  };

  const hostOf = (
    path: Path,
    key: string,
    kind: ProviderKind,
    provider: string,
    on: string | undefined,
  ): string => {
    const hosts = [...names.hosts.keys()];
    if (on !== undefined && !names.hosts.has(on)) complain.unknown([...path, "on"], on, "a host", hosts);
    else {
      const asked = on === undefined ? hosts : [on];
      const found = asked.find((host) => names.hosts.get(host)?.[kind]?.includes(provider));
      const unsure = asked.find((host) => names.hosts.get(host)?.[kind] === null);
      if (found !== undefined || unsure !== undefined) return found ?? unsure ?? "";
      const known = new Set(asked.flatMap((host) => names.hosts.get(host)?.[kind] ?? []));
      const where = asked.length === 1 ? ` of host ${asked[0]}` : "";
      complain.unknown([...path, key], provider, `${CALLED[kind]}${where}`, known);
    }
    return on ?? hosts[0] ?? "";
  };

  /** A scenario plays the outside world of queue gates only. */
  const queueHost = (path: Path, gate: string, asked: string | undefined): string => {
    const on = hostOf(path, "gate", "gates", gate, asked);
    const kind = names.peerKind(on, gate);
    const article = kind === "http" ? "an" : "a";
    if (kind !== null)
      complain.about(
        [...path, "gate"],
        `${gate} is ${article} ${kind} gate of host ${on}; expected a queue gate`,
      );
    return on;
  };

  const expectation = (path: Path, expect: Expectation<string | undefined>): Expectation => {
    switch (expect.kind) {
      case "file":
        return { ...expect, on: hostOf(path, "file", "files", expect.file.provider, expect.on) };
      case "gate":
        return { ...expect, on: queueHost(path, expect.gate, expect.on) };
      case "error":
        return expect;
      default:
        checkChild([...path, expect.kind], expect.child);
        return expect;
    }
  };

  const checkFailure = (path: Path, index: number, expect: Expectation<string | undefined>): void => {
    if (expect.kind !== "error" && expect.kind !== "denied") return;
    if (index === 0) {
      const message = `steps begin with an expect of ${expect.kind}; expected the step that it is about before it`;
      return complain.about(path, message, "key");
    }
    let before = index - 1;
    while (before > 0 && failureExpected(steps[before])) before--;
    const cause = steps[before];
    if (expect.kind === "error" && cause !== null && cause !== undefined && cause.step !== expect.step)
      complain.about(
        [...path, "error"],
        `an error of ${expect.step} is expected after a ${cause.step} step; expected it right after a ${expect.step} step`,
      );
  };

  const checkRevival = (
    path: Path,
    step: DraftStep & { step: "revive" },
    next: DraftStep | null | undefined,
  ): void => {
    if (step.on !== undefined && !names.hosts.has(step.on))
      complain.unknown([...path, "on"], step.on, "a host", names.hosts.keys());
    const { image, as } = step;
    const known = past.images.get(image);
    if (as === undefined) past.stranger ||= known === undefined;
    else if (typeof as === "string") {
      checkClone([...path, "as"], as, next);
      if (known !== undefined && known.length > 1 && !failureExpected(next))
        complain.about(
          [...path, "as"],
          `${as} can't be the clone of ${known.join(", ")} together; expected a mapping, { ${known[0]}: CLONE, ... }`,
        );
    } else checkClones([...path, "as"], as, known, next);
  };

  const checkClone = (path: Path, clone: string, next: DraftStep | null | undefined): void => {
    // An entry that is not there is how a scenario shows that nothing is granted without one.
    if (names.children.has(clone) || failureExpected(next)) past.revived.add(clone);
    else complain.unknown(path, clone, "a child of start", names.children.keys());
  };

  const checkClones = (
    path: Path,
    as: Readonly<Record<string, string>>,
    known: readonly string[] | undefined,
    next: DraftStep | null | undefined,
  ): void => {
    const clones = new Set<string>();
    for (const [child, clone] of Object.entries(as)) {
      checkClone([...path, child], clone, next);
      if (clones.has(clone))
        complain.about([...path, child], `${clone} is named twice; expected a name for each`);
      clones.add(clone);
      if (known !== undefined && !known.includes(child) && !failureExpected(next))
        complain.unknown([...path, child], child, "a child of the image", known);
    }
    const unnamed = (known ?? []).filter((child) => !Object.hasOwn(as, child));
    if (unnamed.length > 0 && !failureExpected(next))
      complain.about(
        path,
        `it names no clone for ${unnamed.join(", ")}; expected one for each child of the image`,
      );
  };

  const checkCut = (path: Path, { children, key }: Pick<Cut, "children" | "key">): void => {
    for (const [at, child] of children.entries()) {
      const place = key === "child" ? [...path, key] : [...path, key, item(at)];
      checkChild(place, child);
      if (children.indexOf(child) < at)
        complain.about(place, `${child} is named twice; expected each child once`);
    }
  };

  const checkStart = (path: Path, child: string): void => {
    const later = [...names.children].filter(([, entry]) => entry.later).map(([name]) => name);
    if (!names.children.has(child))
      complain.unknown(path, child, "a child of start with `later: true`", later);
    else if (!later.includes(child))
      complain.about(
        path,
        `${child} starts with the scenario; expected a child of start with \`later: true\``,
      );
  };

  const settled = (step: DraftStep, index: number): Step => {
    const path = ["steps", item(index), step.step];
    switch (step.step) {
      case "until":
      case "kill":
        checkChild([...path, "child"], step.child);
        return step;
      case "freeze":
      case "checkpoint":
        checkCut(path, step);
        past.images.set(step.image, step.children);
        return step;
      case "migrate":
        checkCut(path, step);
        if (!names.hosts.has(step.to))
          complain.unknown([...path, "to"], step.to, "a host", names.hosts.keys());
        return step;
      case "start":
        checkStart(path, step.child);
        return step;
      case "revive":
        checkRevival(path, step, steps[index + 1]);
        return step;
      case "send":
        return { ...step, on: queueHost(path, step.gate, step.on) };
      case "rom":
        return { ...step, on: hostOf(path, "name", "roms", step.name, step.on) };
      case "write":
      case "remove":
        return { ...step, on: hostOf(path, "file", "files", step.file.provider, step.on) };
      case "expect":
        checkFailure(path, index, step.expect);
        return { ...step, expect: expectation(path, step.expect) };
    }
  };

  return steps.map((step, index) => (step === null ? null : settled(step, index)));
};
