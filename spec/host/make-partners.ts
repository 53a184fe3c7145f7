// A process of its own with a server and its client: `node make-partners.js STATE FOLDER freeze` starts them, and
// freezes both in the middle of calls: one is answered and not taken, one is served, one has not been sent.
// `node make-partners.js STATE FOLDER revive NAME NAME` revives them in that order and prints what they log.
import { join } from "node:path";
import { Host, type RouteOptions } from "../../runtime/index.ts";
import { ALL } from "./stage.ts";

const [state, folder, what, ...order] = process.argv.slice(2) as [string, string, string, ...string[]];
const TO_SERVER: readonly RouteOptions[] = [...ALL, { service: "Counter", to: { child: "server" } }];
const routesOf = (name: string): readonly RouteOptions[] => (name === "client" ? TO_SERVER : ALL);

const host = await Host.open({ state });
host.on("log", ({ child, text }) => console.log(`${child}: ${text}`));
if (what === "freeze") {
  const component = (name: string): string => join(folder, `${name}.ts`);
  const server = await host.start({ name: "server", component: component("server"), routes: ALL });
  const client = await host.start({ name: "client", component: component("client"), routes: TO_SERVER });
  const answered = server.until({ log: "quick +1" });
  await client.until({ log: "asked" });
  await answered;
  await client.freeze("client.cryo");
  server.go();
  await server.until({ log: "slow begun" });
  await server.freeze("server.cryo");
} else {
  for (const name of order) await host.revive(`${name}.cryo`, { routes: routesOf(name) });
  await host.child("client")!.ended;
}
await host.close();
