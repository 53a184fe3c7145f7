// What a revival changes outside: made when all else has succeeded, and put back unless the child goes on.
import { E, type Either } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import type { Effect } from "../core/service.ts";
import type { Missing } from "./checkpoint-error.ts";

/** An effect, and whose it is. */
export type OwnedEffect = Omit<Missing, "error"> & { readonly effect: Effect };

export interface Effects {
  /** The child goes on: they stay. */
  confirm(): void;
  /** Puts everything back, the newest first; what could not be is told. */
  retract(): Promise<readonly Missing[]>;
}

const made = (done: readonly OwnedEffect[]): Effects => ({
  confirm() {
    for (const { effect } of done) effect.confirm();
  },
  async retract() {
    const failed: Missing[] = [];
    for (const { effect, ...whose } of done.toReversed()) {
      const back = await effect.retract();
      if (E.isLeft(back)) failed.push({ ...whose, error: back.left });
    }
    return failed;
  },
});

/** Makes them in order. Where one fails, all is as it was; whose it was is told, and what could not be put back. */
export const enact = async (
  effects: readonly OwnedEffect[],
): Promise<Either<readonly Missing[], Effects>> => {
  for (const [at, { effect, ...whose }] of effects.entries()) {
    const enacted: Either<SessionError, void> = await effect.enact();
    if (E.isLeft(enacted))
      return E.left([{ ...whose, error: enacted.left }, ...(await made(effects.slice(0, at + 1)).retract())]);
  }
  return E.right(made(effects));
};
