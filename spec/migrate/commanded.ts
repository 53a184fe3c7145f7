// What users ask of two hosts at random, of both at once, while a component moves between them and either is killed: whatever
// is asked, it is in one place, and each number is written once.
import { join } from "node:path";
import { E } from "../../lib/fp.ts";
import { ask, type Asked } from "../../runtime/daemon/control-client.ts";
import { numbers } from "../torture/numbers.ts";
import { onTwoProcesses, otherSide, type Side, type TwoProcesses } from "./two-processes.ts";

/** Remembers nothing but what lies in its file, so that it can begin anew at any time, and with other code. */
const ANEW = (last: string): string => `import { component, FileSystem, Timer } from "cryonode";
export default component(async (env) => {
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("count.txt", { read: true, write: true, create: true, append: true });
  const lines = (await file.readText()).split("\\n");
  const ballast = new Uint8Array(1 << 20);
  for (let n = Number(${last} ?? 0) + 1; ; n++) {
    ballast.fill(n, (n % 16) << 16, ((n % 16) + 1) << 16);
    await file.write(n + "\\n");
    await timer.sleep(3);
  }
});
`;

const NAME = "counter";
const SIDES: readonly Side[] = ["here", "there"];
/** Whoever is in one of these states is not anywhere else. */
const PRESENT: ReadonlySet<string> = new Set([
  "running",
  "resting",
  "starting",
  "frozen",
  "stranded",
  "stuck",
]);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Commanded {
  readonly count: number;
  readonly seed: number;
  readonly tell: (text: string) => void;
}

/** Throws at the first thing that is wrong. */
export const commandsAtRandom = ({ count, seed, tell }: Commanded): Promise<void> =>
  onTwoProcesses(
    async (two) => {
      const random = numbers(seed);
      const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
      const commandAt = (side: Side): Asked => {
        const name = NAME;
        const to = { name, with: [], to: otherSide(side), pause: null, rounds: null };
        return one<Asked>([
          { command: "freeze", name, image: null },
          { command: "revive", name },
          { command: "revive", name },
          { command: "checkpoint", name, image: null },
          { command: "replace", name, component: join(two.folder, "counter-too.ts") },
          { command: "replace", name, component: null },
          { command: "kill", name },
          { command: "abort", name },
          { command: "migrate", ...to, precopy: true },
          { command: "migrate", ...to, precopy: true },
          { command: "migrate", ...to, precopy: false },
          { command: "fetch", name, with: [], from: otherSide(side) },
          { command: "drain", to: otherSide(side), most: 2 },
        ]);
      };
      const done = new Map<string, number>();
      let [kills, begun] = [0, 0];
      for (let n = 1; n <= count; n++) {
        const said: string[] = [];
        const asking = Array.from({ length: 3 + Math.floor(random() * 5) }, async () => {
          const side = one(SIDES);
          const asked = commandAt(side);
          const after = Math.floor(random() * 600);
          await pause(after);
          const answer = await ask(join(two.folder, side), asked);
          const how = E.isLeft(answer) ? answer.left.tag : "done";
          said.push(`${asked.command} ${side} after ${after} ms: ${how}`);
          const what = `${asked.command} ${E.isRight(answer) ? "done" : "refused"}`;
          done.set(what, (done.get(what) ?? 0) + 1);
        });
        const killed = SIDES.filter(() => random() < 0.3);
        const killing = killed.map(async (side) => {
          const after = Math.floor(random() * 700);
          await pause(after);
          await two.kill(side);
          kills++;
          said.push(`kill -9 ${side} after ${after} ms`);
          await two.again(side);
        });
        await Promise.all([...asking, ...killing]);
        const late = setTimeout(() => tell(`it takes long to settle after ${said.join(", ")}`), 60_000);
        begun += await nurse(two);
        try {
          await two.settled();
          await two.goesOn();
        } catch (cause) {
          throw new Error(`${n}, ${said.join(", ")}: ${(cause as Error).message}`, { cause });
        }
        clearTimeout(late);
        tell(`${n} of ${count}, ${said.join(", ")}`);
      }
      const all = [...done].map(([what, times]) => `${what} ${times}`).toSorted((a, b) => (a < b ? -1 : 1));
      tell(`${kills} kills, ${begun} begun anew; ${all.join(", ")}`);
    },
    {
      component: ANEW("lines.at(-2)"),
      files: { "counter-too.ts": ANEW("lines[lines.length - 2]") },
      peer: ", may: [receive, transfer]",
    },
  )();

/** What whoever gave these commands does then: brings it back where it is, or begins it anew where it is nowhere; how
 *  often that was. */
const nurse = async (two: TwoProcesses): Promise<number> => {
  for (;;) {
    const states = await Promise.all(SIDES.map((side) => two.state(side)));
    if (states.includes("running") || states.includes(null)) return 0;
    if (!states.includes("in doubt")) {
      const at = states.findIndex((state) => PRESENT.has(state ?? ""));
      const side = SIDES[Math.max(at, states.indexOf("killed"), 0)]!;
      const command = at < 0 ? "start" : "revive";
      const answer = await ask(join(two.folder, side), { command, name: NAME });
      if (command === "start" && E.isRight(answer)) return 1;
    }
    await pause(50);
  }
};
