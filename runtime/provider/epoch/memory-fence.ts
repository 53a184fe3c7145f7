// Epochs beside a provider that lives in this process: they end with it.
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { holderOf, judged, staleError, type Fence, type FenceOptions, type Holder } from "./incarnation.ts";

/** Who holds an identity; changed in place, so that whoever checks need not look it up. */
interface Held {
  holder: Holder | null;
}

const DONE: Either<SessionError, void> = E.right(undefined);

/** By provider, then by identity: hosts that share a provider share its record. */
const records = new WeakMap<object, Map<string, Held>>();

const heldBy = (provider: object, identity: string): Held => {
  const known = records.get(provider) ?? new Map<string, Held>();
  records.set(provider, known);
  const held = known.get(identity) ?? { holder: null };
  known.set(identity, held);
  return held;
};

/** Fences one incarnation's effects on a provider of this process. */
export const memoryFence = (provider: object, options: FenceOptions): Fence => {
  const { incarnation, bar } = options;
  const { epoch, run } = incarnation;
  const held = heldBy(provider, incarnation.identity);
  let before: Holder | null = null;
  let raised = false;
  const raise = (): Either<SessionError, void> => {
    if (bar.refusal !== null) return bar.refusal;
    const { holder } = held;
    const verdict = judged(holder, incarnation);
    if (verdict === "stale") return bar.fall(staleError(options, holder!));
    if (verdict === "holds") return DONE;
    before = holder;
    held.holder = holderOf(incarnation);
    raised = true;
    return DONE;
  };
  return {
    check() {
      const { holder } = held;
      if (bar.refusal === null && holder !== null && holder.epoch === epoch && holder.run === run)
        return null;
      const done = raise();
      return E.isLeft(done) ? done : null;
    },
    raise,
    lower() {
      if (raised && judged(held.holder, incarnation) === "holds")
        held.holder = before ?? { ...holderOf(incarnation), epoch: epoch - 1 };
      raised = false;
      return DONE;
    },
    close: () => {},
  };
};
