// DBOS on PostgreSQL: a workflow a worker, a step a line.
import { DBOS } from "@dbos-inc/dbos-sdk";
import { change, freshState } from "./state.js";
import { append } from "./work.js";

const [folder, workers, systemDatabaseUrl] = [process.argv[2], Number(process.argv[3]), process.argv[4]];

const job = DBOS.registerWorkflow(
  async (name) => {
    const state = freshState();
    for (let n = 1; ; n++) {
      change(state, n);
      await DBOS.runStep(async () => append(folder, name, n), { name: "append" });
    }
  },
  { name: "job", maxRecoveryAttempts: 1_000_000 },
);

DBOS.setConfig({ name: "bench", systemDatabaseUrl, logLevel: "error" });
await DBOS.launch();
for (let n = 0; n < workers; n++) await DBOS.startWorkflow(job, { workflowID: `w${n}` })(`w${n}`);
