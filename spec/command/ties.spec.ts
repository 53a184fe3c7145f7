// Two durable hosts with a link between them: components that have sessions with one another which their route keeps on
// one host go together, or not at all.
import { expect } from "chai";
import { withDesk, type Ran } from "./cli.ts";
import { living, type Living } from "./living.ts";
import { freePorts } from "../free-port.ts";
import { fileOf, TALLY } from "./tally-hosts.ts";

describe("cryonode migrate: components whose sessions stay on one host", function () {
  this.timeout(180_000);

  it("are refused alone, by name, and run on; go together at one instant, each call once; and are drained together", () =>
    withDesk(TALLY, async (desk) => {
      const hosts: Living[] = [];
      const names = ["east", "west"] as const;
      const ports = await freePorts(2);
      const keys = await Promise.all(
        names.map(async (name) => (await desk.cli(["key", "--state", `.${name}`])).stdout.trim()),
      );
      for (const [at, name] of names.entries())
        await desk.write(
          `${name}.yaml`,
          fileOf({
            name,
            other: names[1 - at]!,
            port: ports[1 - at]!,
            key: keys[1 - at]!,
            later: at === 1,
            route: ", local: true",
          }),
        );
      const tell = (name: string, ...args: readonly string[]): Promise<Ran> =>
        desk.cli([...args, "--state", `.${name}`, "--json"]);
      try {
        const [east, west] = names.map((name, at) => {
          const listen = ["--listen", `127.0.0.1:${ports[at]}`];
          const host = living(desk.folder, [
            "up",
            `${name}.yaml`,
            "--json",
            "--state",
            `.${name}`,
            ...listen,
          ]);
          hosts.push(host);
          return host;
        }) as [Living, Living];
        await west.tells({ event: "up" });
        await east.tells({ event: "log", child: "client", text: "sum 3" });
        for (const [child, reason] of [
          [
            "server",
            /server can't leave client behind: the session of client with server, Tally, has the route \{ service: Tally, to: \{ child: server \}, local: true \}: they go together/,
          ],
          [
            "client",
            /client can't leave server behind: the session of client with server, Tally, has the route/,
          ],
        ] as const) {
          const refused = await tell("east", "migrate", child, "--to", "west");
          expect(refused.status).to.not.equal(0);
          expect(refused.stderr).to.match(reason);
        }
        const count = east.events().filter(({ event }) => event === "log").length;
        await east.tells({ event: "log", child: "client", text: `sum ${count + 2}` });
        const moved = await tell("east", "migrate", "client", "--with", "server", "--to", "west");
        expect(moved, moved.stderr).to.include({ status: 0 });
        await west.tells({ event: "log", child: "client" });
        const drained = await tell("west", "drain", "--to", "east");
        expect(drained, drained.stderr).to.include({ status: 0 });
        expect(drained.events.at(-1)).to.deep.include({ event: "drained", left: [] });
        const soFar = (): readonly unknown[] =>
          [east, west].flatMap((host) => host.events().filter(({ event }) => event === "log"));
        const wanted = soFar().length + 2;
        await east.tells({ event: "log", child: "client", text: `sum ${wanted}` });
        // Each call ran once, and each answer came once, whoever of the two was where.
        const sums = soFar()
          .map((event) => Number((event as { text: string }).text.slice(4)))
          .toSorted((a, b) => a - b);
        expect(sums).to.deep.equal(sums.map((_, at) => at + 1));
      } finally {
        for (const host of hosts) host.signal("SIGKILL");
        await Promise.all(hosts.map(({ ended }) => ended));
      }
    }));
});
