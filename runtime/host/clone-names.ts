// Under which names the children of an image come back.
import { E, type Either } from "../../lib/fp.ts";
import type { HostError } from "./host-error.ts";

/** The name of the clone; for several children, the name of each one's clone by its own. */
export type CloneNames = string | Readonly<Record<string, string>>;

/** A name for each of `children`, in their order. */
export const revivedNames = (
  image: string,
  children: readonly string[],
  as: CloneNames | undefined,
): Either<HostError, readonly string[]> => {
  if (as === undefined) return E.right(children);
  const [only] = children;
  const names =
    typeof as === "string"
      ? children.length === 1
        ? new Map([[only!, as]])
        : new Map()
      : new Map(Object.entries(as));
  const unnamed = children.filter((child) => !names.has(child));
  const unknown = [...names.keys()].filter((child) => !children.includes(child));
  return unnamed.length + unknown.length === 0
    ? E.right(children.map((child) => names.get(child)!))
    : E.left({ tag: "CloneNames", image, unnamed, unknown });
};
