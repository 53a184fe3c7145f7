// A process of its own that wants a folder: `node make-locked.js FOLDER`. Says `held` and stays, or says who has it.
import { lockFolder } from "../../../runtime/durable/store/folder-lock.ts";

const [folder] = process.argv.slice(2) as [string];
const lock = await lockFolder(folder);
process.stdout.write(`${lock._tag === "Right" ? "held" : JSON.stringify(lock.left)}\n`);
if (lock._tag === "Right") process.stdin.resume();
