// A state directory of every format that a release has written is brought up by the host of today.
import { chmod, cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { withDesk } from "../command/cli.ts";
import { living } from "../command/living.ts";
import { BaseLibrary } from "../../runtime/engine/base-library.ts";
import { loadEngine } from "../../runtime/engine/wasm-module.ts";
import { openLmdbStore } from "../../runtime/durable/store/lmdb-store.ts";
import { right } from "../image/either.ts";
import { GOLDEN_FILES, goldenState } from "./golden-state.ts";

const FORMATS = [1];

const lines = (count: number): string => Array.from({ length: count }, (_, n) => `${n + 1}\n`).join("");

/** On a copy of a golden directory, which is never written to. */
const onCopy = (format: number, play: (folder: string, cli: Cli) => Promise<void>): Promise<void> =>
  withDesk(GOLDEN_FILES, async ({ folder, cli }) => {
    await cp(goldenState(format), folder, { recursive: true });
    // What is checked out is open to all.
    for (const name of ["", "key"]) await chmod(join(folder, "state", name), name === "" ? 0o700 : 0o600);
    await play(folder, cli);
  });

type Cli = Parameters<Parameters<typeof withDesk>[1]>[0]["cli"];

describe("golden state directories", function () {
  this.timeout(60_000);

  for (const format of FORMATS) {
    it(`fault 27: one of format ${format} is brought up: who was alive goes on, and who was frozen is revived`, () =>
      onCopy(format, async (folder, cli) => {
        const host = living(folder, ["up", "host.yaml", "--state", "state", "--json"]);
        expect(await host.tells({ event: "revived", child: "alive" })).to.include({ generation: 2 });
        expect((await cli(["revive", "frozen", "--state", "state"])).status).to.equal(0);
        for (const child of ["alive", "frozen"])
          expect(await host.tells({ event: "exited", child })).to.include({ code: 0 });
        host.signal("SIGTERM");
        expect(await host.ended).to.deep.include({ status: 0 });
        for (const child of ["alive", "frozen"]) {
          expect(await readFile(join(folder, "data", `${child}.txt`), "utf8")).to.equal(lines(30));
          const log = await readFile(join(folder, "state", "logs", `${child}.log`), "utf8");
          expect(log).to.equal(
            lines(30)
              .replaceAll(/^/gm, "count ")
              .replace(/count $/, ""),
          );
        }
      }));

    it(`faults 14 and 27: the base memories that one of format ${format} names are shipped, and asked for by name`, () =>
      onCopy(format, async (folder) => {
        const shipped = new BaseLibrary(loadEngine(), { built: join(folder, "nowhere") });
        const named = new Set<string>();
        const bases = (hash: string): Uint8Array | null => {
          named.add(hash);
          return shipped.find(hash)?.memory ?? null;
        };
        const store = right(await openLmdbStore(join(folder, "state", "store"), { bases }));
        const { items } = right(await store.components());
        for (const { identity } of items) right(await store.read(identity));
        await store.close();
        expect(named.size).to.equal(1);
        const without = right(await openLmdbStore(join(folder, "state", "store"), { bases: () => null }));
        for (const { identity } of items)
          expect(await without.read(identity))
            .to.deep.include({ _tag: "Left" })
            .and.to.have.nested.property("left.tag", "WrongBase");
        await without.close();
      }));
  }

  it("there is one of each format", async () => {
    const there = (await readdir(join(goldenState(1), ".."))).filter((name) => name.startsWith("state-"));
    expect(there.sort()).to.deep.equal(FORMATS.map((format) => `state-v${format}`));
  });
});
