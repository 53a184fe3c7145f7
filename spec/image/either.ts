// Taking an Either apart in a spec, with the other side in the message.
import { E, type Either } from "../../lib/fp.ts";

export const right = <L, A>(either: Either<L, A>): A => {
  if (E.isRight(either)) return either.right;
  throw new Error(`expected a result, found ${JSON.stringify(either.left)}`);
};

export const left = <L, A>(either: Either<L, A>): L => {
  if (E.isLeft(either)) return either.left;
  throw new Error("expected an error, found a result");
};
