// `cryonode drain` that is stopped: whoever stops it hears who has moved and who has not.
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { expect } from "chai";
import { drain } from "../../runtime/command/migrate.ts";
import { withDesk } from "./cli.ts";
import { living } from "./living.ts";

const IDLER = `import { component, Timer } from "cryonode";
export default component(async (env) => (await env.session(Timer)).sleep(3_600_000));
`;

const fileOf = (port: number): string => `scenario: one that is to be emptied
hosts:
  here:
    peers: [{ name: there, address: "127.0.0.1:${port}", key: "ed25519:${"A".repeat(43)}" }]
start:
  first:
    component: ./idler.ts
    routes: [{ service: Timer }]
  second:
    component: ./idler.ts
    routes: [{ service: Timer }]
`;

describe("cryonode drain", function () {
  this.timeout(60_000);

  it("fault 40: stopped by Ctrl-C says who has moved and who stays, and nothing goes on behind that; to nobody it is wrong input", () =>
    withDesk({ "idler.ts": IDLER }, async (desk) => {
      // Somebody takes calls and never says a word.
      const silent = createServer(() => {}).listen(0, "127.0.0.1");
      await once(silent, "listening");
      await desk.write("host.yaml", fileOf((silent.address() as AddressInfo).port));
      const host = living(desk.folder, ["up", "host.yaml", "--json", "--state", "state"]);
      try {
        for (const child of ["first", "second"]) await host.tells({ event: "started", child });
        const stop = new AbortController();
        silent.on("connection", () => stop.abort());
        let calls = 0;
        silent.on("connection", () => (calls += 1));
        const [said, complained]: [string[], string[]] = [[], []];
        const status = await drain(
          { state: join(desk.folder, "state"), json: false, to: "there", most: 1 },
          {
            console: {
              colours: false,
              print: (line) => void said.push(line),
              complain: (line) => void complained.push(line),
            },
            signal: stop.signal,
            tooLate: () => complained.push("it was too late"),
          },
        );
        expect(status).to.equal(1);
        expect(said.at(-1)).to.equal("0 children moved, 2 stayed");
        expect(complained).to.deep.equal([
          "cryonode: first stays: it was stopped while surveying; nothing has changed",
          "cryonode: second stays: it was stopped before it was its turn; nothing has changed",
        ]);
        expect(calls).to.equal(1);
        const nobody = await desk.cli(["drain", "--to", "thre", "--state", "state"]);
        expect(nobody.status, nobody.stderr).to.equal(2);
        expect(nobody.stderr).to.match(/^cryonode: no peer is pinned as "thre".*did you mean "there"\?/);
        const ps = await desk.cli(["ps", "--json", "--state", "state"]);
        expect(ps.events.map(({ state }) => state)).to.deep.equal(["running", "running"]);
      } finally {
        host.signal("SIGKILL");
        await host.ended;
        silent.close();
      }
    }));
});
