// Law 3 for a child that is put to rest: what enters it once it has been taken down is no part of its past, for it hears
// that again when it goes on. Else two records bear one number, and a recovery takes what comes after for lost.
import { expect } from "chai";
import { program } from "../domain/program.ts";
import { World } from "../domain/world.ts";
import { encodeEntry, type DomainRecord } from "../../runtime/durable/journal/journal-record.ts";
import { following } from "../../runtime/durable/journal/past.ts";
import { DurableChild } from "./durable-child.ts";

const NAPS = `
const timer = await env.session(c.Timer);
const data = await env.session(c.FileSystem, { label: "data" });
const file = await data.open("naps.txt", { write: true, create: true, append: true });
for (let nap = 1; nap <= 4; nap++) {
  await timer.sleep(100);
  await file.write(String(nap));
}
env.exit(0);
`;

const naps = (child: DurableChild): string => child.world.outputs().files["data"]?.["naps.txt"] ?? "";

describe("a durable component on its way to rest", () => {
  it("law 3: whose sleep ends then has one past, and a crash later on undoes nothing of it", async () => {
    const child = await DurableChild.boot(await program(NAPS), new World({ files: { data: {} } }));
    await child.until(() => naps(child) === "1" && child.domain.idle);
    expect(await child.rest(() => child.world.clock.next())).equal(true);
    await child.until(() => naps(child) === "123" && child.domain.idle);
    child.write();
    expect(new Set(child.numbers).size).equal(child.numbers.length);
    await child.crash();
    await child.recover();
    await child.until(() => child.world.ending !== null);
    expect(naps(child)).equal("1234");
    await child.crash();
  });

  it("law 3: a journal where that has happened says what came of it", () => {
    const records = ["beside", "first", "second"].map((value): DomainRecord => ({
      ...{ kind: "answer", slot: 0, turn: 1, place: null },
      answer: { value },
    }));
    const kept = [0, 0, 1].map((number, at) => ({
      sequence: 7 + number,
      payload: encodeEntry({ incarnation: 1, sequence: 7 + number, record: records[at]! }),
    }));
    expect(following(kept, 7)).deep.equal(records.slice(1));
    expect(following(kept.slice(2), 7)).deep.equal([]);
  });
});
