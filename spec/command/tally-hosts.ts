// A client and its server on either of two hosts that are each other's peers: what the specs of their sessions write.
const CONTRACT = `import * as t from "io-ts";
import { method, session } from "cryonode";
export const Tally = session("Tally", { add: method({ args: t.tuple([t.number]), result: t.number }) });
`;
const SERVER = `import { component } from "cryonode";
import { Tally } from "./contract.ts";
export default component(async (env) => {
  let sum = 0;
  await env.announce(Tally, () => ({ add: async (by: number) => (sum += by) }));
});
`;
const CLIENT = `import { component, Log, Timer } from "cryonode";
import { Tally } from "./contract.ts";
export default component(async (env) => {
  const [log, timer] = [await env.session(Log), await env.session(Timer)];
  const tally = await env.session(Tally);
  for (;;) {
    await log.write("sum " + (await tally.add(1)));
    await timer.sleep(30);
  }
});
`;

export interface TallyHost {
  readonly name: string;
  /** The other host, the port that it is reached by, and its key. */
  readonly other: string;
  readonly port: number;
  readonly key: string;
  /** Whether both live there to begin with, and not here. */
  readonly later: boolean;
  /** What the client's route to its server says besides, in YAML. */
  readonly route?: string;
}

export const fileOf = ({ name, other, port, key, later, route = "" }: TallyHost): string => {
  const more = later ? "\n    later: true" : "";
  return `scenario: ${name}
hosts:
  ${name}:
    peers: [{ name: ${other}, address: "127.0.0.1:${port}", key: "${key}" }]
start:
  server:
    component: ./server.ts${more}
  client:
    component: ./client.ts${more}
    routes:
      - { service: LOG }
      - { service: Timer }
      - { service: Tally, to: { child: server }${route} }
`;
};

/** The files of the two components. The client is one that needs nothing but its log; others have their own. */
export const TALLY = { "contract.ts": CONTRACT, "server.ts": SERVER, "client.ts": CLIENT };
