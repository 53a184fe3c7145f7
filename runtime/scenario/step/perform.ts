// Which step is done how. A step that fails changes nothing, and says why.
import type { Outcome, Play } from "../play.ts";
import type { Step } from "../schema-step.ts";
import { freeze, kill, revive, start } from "./life.ts";
import { migrate } from "./migrate.ts";
import { remove, rom, send, write } from "./outside.ts";
import { until } from "./until.ts";

export const perform = (step: Exclude<Step, { readonly step: "expect" }>, play: Play): Promise<Outcome> => {
  switch (step.step) {
    case "until":
      return until(step, play);
    case "start":
      return start(step, play);
    case "freeze":
    case "checkpoint":
      return freeze(step, play);
    case "revive":
      return revive(step, play);
    case "migrate":
      return migrate(step, play);
    case "kill":
      return kill(step, play);
    case "send":
      return send(step, play);
    case "rom":
      return rom(step, play);
    case "write":
      return write(step, play);
    case "remove":
      return remove(step, play);
  }
};
