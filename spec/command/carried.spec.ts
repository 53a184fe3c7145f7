// A client leaves its server for another host, and its session goes on over the link; both hosts are killed and come up
// again, the server follows, and they meet again at home.
import { expect } from "chai";
import { withDesk, type Ran } from "./cli.ts";
import { living, type Living } from "./living.ts";
import { freePorts } from "../free-port.ts";
import { fileOf, TALLY } from "./tally-hosts.ts";

type Side = "east" | "west";

describe("cryonode migrate: a session with somebody who stays behind", function () {
  this.timeout(240_000);

  it("laws 2, 3: goes on over the link, each call once, through kill -9 of either; the server follows; both come home", () =>
    withDesk(TALLY, async (desk) => {
      const all: Living[] = [];
      const names: readonly Side[] = ["east", "west"];
      const ports = await freePorts(2);
      const keys = await Promise.all(
        names.map(async (name) => (await desk.cli(["key", "--state", `.${name}`])).stdout.trim()),
      );
      for (const [at, name] of names.entries())
        await desk.write(
          `${name}.yaml`,
          fileOf({ name, other: names[1 - at]!, port: ports[1 - at]!, key: keys[1 - at]!, later: at === 1 }),
        );
      const tell = async (name: Side, ...args: readonly string[]): Promise<Ran> => {
        const ran = await desk.cli([...args, "--state", `.${name}`, "--json"]);
        expect(ran, ran.stderr).to.include({ status: 0 });
        return ran;
      };
      const up = async (name: Side): Promise<Living> => {
        const listen = `127.0.0.1:${ports[names.indexOf(name)]}`;
        const host = living(
          desk.folder,
          ["up", `${name}.yaml`, "--json", "--state", `.${name}`, "--listen", listen],
          230_000,
        );
        all.push(host);
        await host.tells({ event: "up" });
        return host;
      };
      const kill = async (host: Living): Promise<void> => {
        host.signal("SIGKILL");
        await host.ended;
      };
      const sums = (): readonly number[] =>
        all
          .flatMap((host) => host.events())
          .filter(({ event }) => event === "log")
          .map((event) => Number((event as { text: string }).text.slice(4)));
      /** It goes on there, and each call has run once. */
      const goesOn = async (host: Living): Promise<void> => {
        const before = Math.max(...sums());
        await host.tells({ event: "log", child: "client", text: `sum ${before + 4}` });
        const seen = [...new Set(sums())].toSorted((a, b) => a - b);
        expect(seen).to.deep.equal(seen.map((_, at) => at + 1));
      };
      try {
        let [west, east] = [await up("west"), await up("east")];
        await east.tells({ event: "log", child: "client", text: "sum 3" });
        await tell("east", "migrate", "client", "--to", "west");
        await goesOn(west);
        const there = [{ with: "server", at: "east", contact: true }];
        expect((await tell("west", "ps")).events.find(({ child }) => child === "client")).to.deep.include({
          carried: there,
        });
        await kill(west);
        west = await up("west");
        await goesOn(west);
        await kill(east);
        east = await up("east");
        await goesOn(west);
        await Promise.all([kill(east), kill(west)]);
        [east, west] = [await up("east"), await up("west")];
        await goesOn(west);
        await tell("west", "migrate", "client", "--to", "east");
        await goesOn(east);
        await tell("east", "migrate", "server", "--to", "west");
        await goesOn(east);
        await kill(east);
        east = await up("east");
        await goesOn(east);
        await tell("east", "migrate", "client", "--to", "west");
        await goesOn(west);
      } finally {
        for (const host of all) host.signal("SIGKILL");
        await Promise.all(all.map(({ ended }) => ended));
      }
    }));
});
