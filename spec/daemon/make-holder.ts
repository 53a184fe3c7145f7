// A process that takes the lock of a state directory, says whether it has it, and stays.
import { E } from "../../lib/fp.ts";
import { takeLock } from "../../runtime/daemon/state-lock.ts";

const lock = await takeLock({
  state: process.argv[2]!,
  connection: (socket) => socket.end(),
  pidOf: () => Promise.resolve(1),
});
process.send!(E.isRight(lock));
process.on("disconnect", () => process.exit(0));
