// Restate's side of the job: a service whose handler records each line in its journal.
import * as restate from "@restatedev/restate-sdk";
import { change, freshState } from "./state.js";
import { append } from "./work.js";

const [folder, port] = [process.argv[2], Number(process.argv[3])];

const job = restate.service({
  name: "job",
  handlers: {
    run: async (context, { name }) => {
      const state = freshState();
      for (let n = 1; ; n++) {
        change(state, n);
        await context.run("append", () => append(folder, name, n));
      }
    },
  },
});

await restate.serve({ services: [job], port });
