// A component that was handed over and can't live at its sink as things are: it is kept there, tried again, and can leave
// again in every way that one that runs can.
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { expect } from "chai";
import { freePort } from "../free-port.ts";
import { onTwoProcesses, type Side, type World } from "./two-processes.ts";

const COMPONENT = `import { component, FileSystem, Gate, Log, Timer } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const line = await env.session(Gate, { label: "line" });
  const file = await data.open("count.txt", { write: true, create: true, append: true });
  for (let n = 1; ; n++) {
    await file.write(n + "\\n");
    await line.send("n " + n);
    await log.write("count " + n);
    await timer.sleep(10);
  }
});
`;

const listenAt = async (port: number): Promise<Server> => {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.resume();
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
};

describe("a component that is stranded at its sink", () => {
  it("is kept with its reason, leaves again, is put into a file, and lives when what it lacked is there", async function () {
    this.timeout(120_000);
    const ports: Record<Side, number> = { here: await freePort(), there: await freePort() };
    const server = await listenAt(ports.here);
    const gate = (side: Side): string =>
      `    gates:\n      line: { tcp: "127.0.0.1:${ports[side]}", framing: line, rights: [send], retry: { tries: 1 } }\n`;
    const world: World = {
      component: COMPONENT,
      providers: gate,
      routes: "      - { service: Gate, label: line, to: line }\n",
    };
    let late: Server | null = null;
    try {
      await onTwoProcesses(async (two) => {
        const strand = async (): Promise<void> => {
          const moved = await two.migrate("here");
          expect(moved.status, moved.stderr).to.equal(1);
          expect(moved.events.at(-1))
            .to.have.property("stranded")
            .that.matches(/ECONNREFUSED/);
          await two.comesTo("there", "stranded");
        };
        await two.goesOn();
        await strand();
        const { stdout } = await two.cli(["ps", "--state", "there"]);
        expect(stdout).to.match(/can't live here as things are: .*ECONNREFUSED/);
        const back = await two.migrate("there");
        expect(back.status, back.stderr).to.equal(0);
        await two.goesOn();
        await strand();
        const copied = await two.cli(["export", "counter", "copy.cryo", "--state", "there"]);
        expect(copied).to.include({ status: 0, stderr: "" });
        const read = await two.cli(["inspect", "there/copy.cryo", "--state", "there"]);
        expect(read.status, read.stderr).to.equal(0);
        expect(read.stdout).to.match(/Gate "line"/);
        // It is there after a crash as before, and nobody has to say so.
        await two.kill("there");
        late = await listenAt(ports.there);
        await two.again("there");
        await two.comesTo("there", "running");
        await two.goesOn();
      }, world)();
    } finally {
      server.close();
      (late as Server | null)?.close();
    }
  });
});
