// Entry of a shard's thread of the bundled command: runs the bundle of `main.ts`.
import { fileURLToPath } from "node:url";
import { runScript } from "../kept-code.ts";

runScript(fileURLToPath(new URL("./shard.cjs", import.meta.url)), "shard");
