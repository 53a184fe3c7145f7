// A process of its own that counts to 3 and freezes: `node make-frozen.js STATE DATA COMPONENT`. Prints the
// incarnation's process.
import { Host } from "../../runtime/index.ts";
import { ALL } from "./stage.ts";

const [state, directory, component] = process.argv.slice(2) as [string, string, string];
const host = await Host.open({ state, files: { data: { directory } } });
const child = await host.start({ name: "counter", component, routes: ALL });
await child.until({ log: "count 3" });
await child.freeze("counter.cryo");
console.log(process.pid);
await host.close();
