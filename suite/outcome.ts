// Taking results apart in specs: the value or the error, whichever was promised, and a failure otherwise.

import { expect } from "chai";
import { prose, type SessionError } from "../lib/error.ts";
import { E, type Either } from "../lib/fp.ts";

export const right = <T>(result: Either<SessionError, T>): T => {
  if (E.isLeft(result)) expect.fail(prose(result.left));
  return result.right;
};

export const left = <T>(result: Either<SessionError, T>): SessionError => {
  if (E.isRight(result)) expect.fail(`an error was expected, not ${JSON.stringify(result.right)}`);
  return result.left;
};

export const leftTag = <T>(result: Either<SessionError, T>): SessionError["tag"] => left(result).tag;
