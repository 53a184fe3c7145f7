// Handles of a component that goes from one host to another, in an image: each host has a state directory, files and
// gates of its own, under the same names.
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Child, GateOptions, Host, HostOptions, RouteOptions } from "../../runtime/index.ts";
import { ALL, factsOf, onStage, type Stage } from "./stage.ts";

const routesWith = (route: RouteOptions): readonly RouteOptions[] => [
  route,
  ...ALL.filter(({ service }) => service !== route.service),
];

const OPENING = `import { component, FileSystem, Gate, Log } from "cryonode";
void [FileSystem, Gate, Log];
export default component(async (env) => {
  const log = await env.session(Log);
`;

/** Reads three bytes and writes a word behind them, for each word that it is told. */
const CLERK = `${OPENING}
  const gate = await env.session(Gate, { label: "line" });
  const files = await env.session(FileSystem, { label: "data" });
  const book = await files.open("book.txt", { read: true, write: true, create: true });
  await book.write("one two three");
  await book.seek(4);
  for (;;) {
    const word = await gate.receive();
    const read = new TextDecoder().decode(await book.read(3));
    await book.write(word);
    await log.write("read " + read);
  }
});
`;

const LETTERS = 40;

/** Writes letters, at most five ahead of what it has read. */
const talker = (name: string): string => `${OPENING}
  const gate = await env.session(Gate, { label: "post" });
  let read = 0;
  let goOn = () => {};
  const write = async () => {
    for (let n = 1; n <= ${LETTERS}; n++) {
      while (n > read + 5) await new Promise<void>((resolve) => { goOn = resolve; });
      await gate.send("${name} " + n);
    }
  };
  const receive = async () => {
    for (; read < ${LETTERS}; goOn()) {
      await log.write(String(await gate.receive()));
      read += 1;
    }
  };
  await Promise.all([write(), receive()]);
});
`;

const lettersOf = (name: string): readonly string[] =>
  Array.from({ length: LETTERS }, (_, i) => `${name} ${i + 1}`);

/** Hosts of these names, each with what `of` says of it; all trust one another. */
const hostsOf = async <N extends string>(
  { folder, another }: Stage,
  names: readonly N[],
  of: (name: N) => HostOptions,
): Promise<Record<N, Host>> => {
  // A key is made at first use, and known from then on.
  const keys: string[] = [];
  for (const name of names) {
    const first = await another({ name, state: join(folder, name) });
    keys.push(first.publicKey);
    await first.close();
  }
  const hosts: Partial<Record<N, Host>> = {};
  for (const name of names)
    hosts[name] = await another({ ...of(name), name, state: join(folder, name), trust: keys });
  return hosts as Record<N, Host>;
};

describe("host: handles across hosts", function () {
  this.timeout(120_000);

  const filesOf = (folder: string, name: string): HostOptions => ({
    files: { data: { directory: join(folder, `${name}-data`) } },
    gates: { line: { queue: true } },
  });

  it(
    "a file whose content the image carries comes back on another host, at its offset, and home again",
    onStage(async (stage) => {
      const { folder } = stage;
      const { east, west } = await hostsOf(stage, ["east", "west"], (name) => filesOf(folder, name));
      const component = join(folder, "clerk.ts");
      await writeFile(component, CLERK);
      const routes = routesWith({ service: "File_system", policy: "restore" });
      const at = async (child: Child, host: Host, word: string, read: string): Promise<Child> => {
        await host.gate("line").send(word);
        await child.until({ log: `read ${read}` });
        return child;
      };
      const book = (name: string): string => readFileSync(join(folder, `${name}-data`, "book.txt"), "utf8");
      const goes = async (child: Child, to: Host, name: string): Promise<Child> => {
        const image = join(folder, name);
        await child.freeze(image);
        return to.revive(image, { routes });
      };
      const begun = await at(await east.start({ name: "clerk", component, routes }), east, "-X-", "two");
      const gone = await at(await goes(begun, west, "1.cryo"), west, "YY", "ree");
      expect(book("east")).to.equal("one two-X-ree");
      expect(book("west")).to.equal("one two-X-reeYY");
      // What stands at home is older than what the component knows: the image's content takes its place.
      const back = await at(await goes(gone, east, "2.cryo"), east, "Z", "");
      expect(book("east")).to.equal("one two-X-reeYYZ");
      await back.kill();
    }),
  );

  it(
    "law 4: what the other host does not have, or not with these rights, is denied by name, and the image stays good",
    onStage(async (stage) => {
      const { folder } = stage;
      const { east, west, south } = await hostsOf(stage, ["east", "west", "south"], (name) => ({
        ...filesOf(folder, name),
        ...(name === "west" ? { files: {} } : {}),
        ...(name === "south"
          ? { files: { data: { directory: join(folder, "south-data"), rights: ["read", "list"] as const } } }
          : {}),
      }));
      const component = join(folder, "clerk.ts");
      await writeFile(component, CLERK);
      const clerk = await east.start({ name: "clerk", component, routes: ALL });
      await east.gate("line").send("-X-");
      await clerk.until({ log: "read two" });
      const image = join(folder, "clerk.cryo");
      await clerk.freeze(image);
      for (const [host, missing] of [
        [west, ["File_system Denied"]],
        [south, ["File Denied"]],
      ] as const) {
        const facts = await factsOf(host.revive(image, { routes: ALL }));
        const { error } = facts as unknown as {
          readonly error: {
            readonly missing: readonly {
              readonly service: string;
              readonly error: { readonly tag: string };
            }[];
          };
        };
        expect(error.missing.map(({ service, error: { tag } }) => `${service} ${tag}`)).to.deep.equal(
          missing,
        );
      }
      const again = await east.revive(image);
      await east.gate("line").send("!");
      await again.until({ log: "read ree" });
      await again.kill();
    }),
  );

  for (const [which, gateOf] of [
    [
      "calls",
      (folder: string, name: string): GateOptions =>
        name === "home"
          ? { unix: join(folder, "home.sock"), listen: true, peer: "cryonode" }
          : { unix: join(folder, "home.sock"), peer: "cryonode" },
    ],
    [
      "is called",
      (folder: string, name: string): GateOptions =>
        name === "home"
          ? { unix: join(folder, "east.sock"), elsewhere: [join(folder, "west.sock")], peer: "cryonode" }
          : { unix: join(folder, `${name}.sock`), listen: true, peer: "cryonode" },
    ],
  ] as const)
    it(
      `fault 7: a pair of gates, one end moves between hosts and back, the one that ${which}: each letter once`,
      onStage(async (stage) => {
        const { folder } = stage;
        const { home, east, west } = await hostsOf(stage, ["home", "east", "west"], (name) => ({
          gates: { post: gateOf(folder, name) },
        }));
        const read: Record<string, string[]> = { anna: [], bruno: [] };
        for (const host of [home, east, west]) host.on("log", ({ child, text }) => read[child]!.push(text));
        for (const name of ["anna", "bruno"]) await writeFile(join(folder, `${name}.ts`), talker(name));
        const start = (host: Host, name: string): Promise<Child> =>
          host.start({ name, component: join(folder, `${name}.ts`), routes: ALL });
        // Whoever calls needs somebody who listens.
        const [first, second] = which === "calls" ? [home, east] : [east, home];
        const names = which === "calls" ? ["anna", "bruno"] : ["bruno", "anna"];
        const one = await start(first, names[0]!);
        const two = await start(second, names[1]!);
        const [anna, bruno] = which === "calls" ? [one, two] : [two, one];
        let moving = bruno;
        for (const [n, to] of [
          [4, west],
          [11, east],
          [19, west],
        ] as const) {
          await moving.until({ log: `anna ${n}` });
          const image = join(folder, `bruno-${n}.cryo`);
          await moving.freeze(image);
          moving = await to.revive(image, { routes: ALL });
        }
        moving.go();
        expect(await moving.ended).to.deep.equal({ kind: "exited", code: 0 });
        expect(await anna.ended).to.deep.equal({ kind: "exited", code: 0 });
        expect(read).to.deep.equal({ anna: lettersOf("bruno"), bruno: lettersOf("anna") });
      }),
    );
});
