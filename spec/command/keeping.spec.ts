// How much a durable host keeps of a child, and how often, as its configuration says.
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { living } from "./living.ts";
import { HOST, onHost } from "./on-host.ts";

const withCounter = (more: string): string =>
  HOST.replace("component: ./counter.ts\n", `component: ./counter.ts\n${more}`);

/** Grows by what no compressor makes smaller, and says so. */
const GROWING = `import { component, Log, Timer } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const kept: Uint8Array[] = [];
  for (let n = 1; ; n++) {
    const bytes = new Uint8Array(65536);
    crypto.getRandomValues(bytes);
    kept.push(bytes);
    await log.write("grown " + n);
    // Large enough for what is to be seen: a busy machine has the others to serve.
    await timer.sleep(n < 30 ? 5 : 500);
  }
});
`;

/** Large before it has taken a turn. */
const LARGE = `import { component } from "cryonode";
const large = Array.from({ length: 4 }, () => crypto.getRandomValues(new Uint8Array(65536)));
export default component(async () => {
  await new Promise(() => large);
});
`;

/** Says as much as it is told to. */
const CHATTY = `import * as t from "io-ts";
import { component, Log, method, session } from "cryonode";
const Chat = session("Chat", { say: method({ args: t.tuple([t.number]), result: t.number }) });
export default component(async (env) => {
  const log = await env.session(Log);
  let said = 0;
  await env.announce(Chat, () => ({
    say: async (lines: number) => {
      for (let n = 0; n < lines; n++) await log.write("line " + ++said + " " + "x".repeat(80));
      return said;
    },
  }));
});
`;

describe("cryonode up: how much is kept, and how often", function () {
  this.timeout(120_000);

  for (const policy of ["{ turns: 5 }", "{ bytes: 1k }", "{ every: 20ms }"])
    it(
      `takes a child down again and again: ${policy}`,
      onHost(async ({ up, write, child }) => {
        await write("host.yaml", HOST.replace("  here:\n", `  here:\n    checkpoint: ${policy}\n`));
        const host = up();
        await host.tells({ event: "log", child: "counter", text: "count 2" });
        const seen = new Set<number>();
        while (seen.size < 3) {
          const { checkpoint } = (await child("counter")) as { checkpoint: { at: number; image: null } };
          expect(checkpoint.image).to.equal(null);
          seen.add(checkpoint.at);
        }
      }),
    );

  it(
    "an entry's policy comes before its host's, and what neither says is as by default",
    onHost(async ({ up, write, child }) => {
      await write(
        "host.yaml",
        withCounter("    checkpoint: { turns: 1000000, bytes: 1G }\n").replace(
          "  here:\n",
          "  here:\n    checkpoint: { turns: 2 }\n",
        ),
      );
      const host = up();
      await host.tells({ event: "log", child: "counter", text: "count 2" });
      const before = (await child("counter"))["checkpoint"];
      await host.tells({ event: "log", child: "counter", text: "count 40" });
      expect((await child("counter"))["checkpoint"]).to.deep.equal(before);
    }),
  );

  it(
    "one that takes more of the disk than it may is stuck, with the reason; the others go on",
    onHost(async ({ up, write, child, json, cli, folder }) => {
      await write("growing.ts", GROWING);
      await write("large.ts", LARGE);
      const growing = (name: string, more: string) =>
        `  ${name}:\n    component: ./growing.ts\n    ram: 64M\n${more}    checkpoint: { turns: 4 }\n    routes: [{ service: LOG }, { service: Timer }]\n`;
      await write(
        "host.yaml",
        `${HOST}  large: { component: ./large.ts, disk: 64k, later: true }\n${growing("bounded", "    disk: 400k\n    restart: { most: 5, within: 1m }\n")}${growing("free", "")}`,
      );
      const host = up();
      const { reason } = await host.tells({ event: "stuck", child: "bounded" });
      expect(reason).to.match(
        /^bounded \(.*\) would take \d+ bytes in the store, more than its bound of 409600/,
      );
      // No fault of its own doing is forgiven there: it would only come back to the same.
      expect(await child("bounded")).to.include({ state: "stuck", reason, restarts: 0 });
      const [inspected] = (await json("inspect", "bounded")).events;
      const [fault] = inspected!["faults"] as readonly Readonly<Record<string, unknown>>[];
      expect(fault).to.include({ reason, event: null, forgiven: false });
      expect((fault!["calls"] as readonly string[]).at(-1)).to.match(/LOG\.write|Timer\.sleep/);
      await host.tells({ event: "log", child: "free", text: "grown 20" });
      expect(await child("free")).to.include({ state: "running" });
      // It lies in an image, and there is still no room for it; once there is, it goes on where it was stopped.
      const still = await cli(["revive", "bounded"]);
      expect(still.status).to.equal(1);
      expect(still.stderr).to.match(/more than its bound of 409600/);
      expect(await child("bounded")).to.include({ state: "stuck" });
      expect((await json("freeze", "free")).status).to.equal(0);

      // What could not even begin is refused, and nothing of it is there.
      const refused = await cli(["start", "large"]);
      expect(refused.status).to.equal(1);
      expect(refused.stderr).to.match(/large \(.*\) would take \d+ bytes .*more than its bound of 65536/);
      expect(await child("large")).to.include({ state: "waiting", memory: null });

      host.signal("SIGKILL");
      await host.ended;
      await write(
        "host.yaml",
        (await readFile(join(folder, "host.yaml"), "utf8")).replace("disk: 400k", "disk: 8M"),
      );
      const next = up();
      await next.tells({ event: "up" });
      const grown = async (): Promise<readonly string[]> =>
        (await cli(["logs", "bounded"])).stdout.match(/grown [0-9]+/g) ?? [];
      const before = (await grown()).length;
      expect((await json("revive", "bounded")).status).to.equal(0);
      await next.tells({ event: "log", child: "bounded", text: `grown ${before + 3}` });
      expect((await json("kill", "bounded")).status).to.equal(0);
      expect(await grown()).to.deep.equal((await grown()).map((_, n) => `grown ${n + 1}`));
    }),
  );

  it(
    "keeps the last of a log: followed over every turn of its files, and over a kill",
    onHost(async ({ up, write, folder, cli, json }) => {
      await write("chatty.ts", CHATTY);
      await write(
        "host.yaml",
        `${HOST}  chatty: { component: ./chatty.ts, log: 4k, routes: [{ service: LOG }] }\n`,
      );
      const first = up();
      await first.tells({ event: "started", child: "chatty" });
      const following = living(folder, ["logs", "chatty", "-f"]);
      try {
        // Some 90 bytes a line, two kilobytes a file: no more than one is full before it is looked at.
        const say = async (upTo: number): Promise<void> => {
          expect((await json("call", "chatty", "Chat.say", "15")).events[0]).to.include({ result: upTo });
          await following.says(`line ${upTo} `);
        };
        for (let upTo = 15; upTo <= 75; upTo += 15) await say(upTo);
        first.signal("SIGKILL");
        await first.ended;
        const second = up();
        await second.tells({ event: "revived", child: "chatty" });
        for (let upTo = 90; upTo <= 120; upTo += 15) await say(upTo);
        const numbers = (text: string) =>
          text
            .trimEnd()
            .split("\n")
            .map((line) => Number(/^line (\d+) x+$/.exec(line)![1]));
        expect(numbers(following.stdout())).to.deep.equal(Array.from({ length: 120 }, (_, at) => at + 1));
        second.signal("SIGTERM");
        await second.ended;
        const logs = join(folder, ".cryonode/logs");
        const files = (await readdir(logs)).filter((name) => name.startsWith("chatty")).sort();
        expect(files).to.deep.equal(["chatty.log", "chatty.log.1"]);
        const sizes = await Promise.all(files.map(async (name) => (await stat(join(logs, name))).size));
        expect(sizes[0]! + sizes[1]!).to.be.at.most(4096 + 400);
        const kept = numbers((await cli(["logs", "chatty"])).stdout);
        expect(kept.length).to.be.at.least(20);
        expect(kept).to.deep.equal(kept.map((_, at) => 121 - kept.length + at));
      } finally {
        following.signal("SIGINT");
        await following.ended;
      }
    }),
  );
});
