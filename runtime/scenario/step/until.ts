// `until`: waits for what a child does. The child then stands still until a later step lets it go on.
import { E } from "../../../lib/fp.ts";
import type { Outcome, Play } from "../play.ts";
import type { LastSeen } from "../step-error.ts";
import { Wait, type UntilStep } from "../wait.ts";

const lastSeen = ({ child }: UntilStep, play: Play): LastSeen => {
  const found = play.found(child);
  return { log: play.history(child).last, ending: found === null ? "never" : found.child.ending };
};

export const until = async (step: UntilStep, play: Play): Promise<Outcome> => {
  const { standstill, signal } = play;
  standstill.await(new Wait(step, play.history(step.child)));
  const wait = standstill.next!;
  // Once it holds its child is not there, or stands still. Now that we wait, all others may go on.
  const over = (): boolean => lastSeen(step, play).ending !== null;
  if (!wait.holds) standstill.release();
  if (!wait.holds && !over())
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        stop();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, step.within);
      const stop = play.listen(() => {
        if (wait.holds || over()) done();
      });
      signal.addEventListener("abort", done);
    });
  const held = wait.holds;
  standstill.happened(step.child);
  standstill.await(null);
  if (held) return E.right(undefined);
  if (signal.aborted) return E.left({ tag: "Interrupted" });
  const { child, event, within } = step;
  const last = lastSeen(step, play);
  return E.left(
    last.ending === null ? { tag: "Late", child, event, within, last } : { tag: "Over", child, event, last },
  );
};
