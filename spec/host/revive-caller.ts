// A process of its own that revives the calling end of a pair: `node revive-caller.js STATE SOCKET IMAGE`. Prints the
// child's log.
import { Host } from "../../runtime/index.ts";
import { ALL } from "./stage.ts";

const [state, socket, image] = process.argv.slice(2) as [string, string, string];
const host = await Host.open({ state, gates: { post: { unix: socket, peer: "cryonode" } } });
host.on("log", ({ text }) => console.log(text));
await (
  await host.revive(image, { routes: ALL })
).ended;
await host.close();
