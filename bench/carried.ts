// A call that is carried between two durable hosts over loopback, against the same call between two children of one of them.
import type { Bench } from "./bench.ts";
import { sideBySide } from "./side-by-side.ts";
import { TwoHosts, type Side } from "./two-hosts.ts";

/** Calls of one measurement. */
const CALLS = 200;

const caller = (name: string, later: boolean): string => `  ${name}:
    component: ./driven.ts
    later: ${later}
    routes: [{ service: LOG }, { service: Timer }, { service: Adder, to: { child: server } }]
`;

const start = (side: Side): string => {
  const later = side === "there";
  return `  server: { component: ./server.ts, later: ${later} }
${caller("near", later)}${caller("far", later)}`;
};

const name = "calls to a child on another host, one at a time";

const run = async (rounds: number): ReturnType<Bench["run"]> => {
  const hosts = await TwoHosts.open({ components: ["contract.ts", "server.ts", "driven.ts"], start });
  const drive = async (side: Side, child: string): Promise<number> => {
    const call = { service: "Drive", label: "", method: "run", args: [CALLS], within: null };
    return Number(await hosts.ask(side, { command: "call", name: child, ...call }));
  };
  try {
    await drive("here", "far");
    await hosts.migrate("here", "far");
    return await sideBySide({
      ...{ name, unit: "calls/s", against: "a child of the same host", target: null, rounds },
      ours: () => drive("there", "far"),
      theirs: () => drive("here", "near"),
    });
  } finally {
    await hosts.close();
  }
};

export const carriedBench: Bench = { name, run: ({ rounds }) => run(rounds) };
