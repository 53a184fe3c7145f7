// Which children a cut goes through.
import type { Child } from "./child.ts";
import { HostFailure } from "./host-failure.ts";

/** Their names. Throws a `TypeError` where there are none or one is there twice: a bug of the program. */
export const namesOf = (children: readonly (Child | string)[]): readonly string[] => {
  const names = children.map((child) => (typeof child === "string" ? child : child.name));
  if (names.length === 0) throw new TypeError("children is empty; expected at least one");
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new TypeError(`children names ${twice} twice; expected each child once`);
  // A name may be another incarnation's by now.
  const ended = children.flatMap((child) =>
    typeof child === "string" || child.ending === null ? [] : [child.name],
  );
  if (ended.length === 0) return names;
  throw new HostFailure({
    tag: "Together",
    failures: ended.map((child) => ({
      child,
      error: { tag: "Checkpoint", error: { tag: "Ended", child } },
    })),
  });
};
