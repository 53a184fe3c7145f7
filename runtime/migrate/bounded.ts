// Lists of a bounded length, as codecs: what is longer is refused before any of it is looked at.
import * as t from "io-ts";

/** At most `most` of what `codec` accepts; `name` says in the plural what that is. */
export const bounded = <A>(
  codec: t.Type<A, unknown>,
  most: number,
  name: string,
): t.Type<readonly A[], unknown> => {
  const items = t.readonlyArray(codec);
  const fits = (u: unknown): u is readonly A[] => Array.isArray(u) && u.length <= most;
  return new t.Type<readonly A[], unknown>(
    `at most ${most} ${name}`,
    (u): u is readonly A[] => fits(u) && items.is(u),
    (u, c) => (fits(u) ? items.validate(u, c) : t.failure(u, c)),
    t.identity,
  );
};
