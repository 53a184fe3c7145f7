// A host whose disk is full lets nothing leave its children, and whoever wants one stopped hears why it does not stand still.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import type { Child } from "../../runtime/host/child.ts";
import { Freezer, type FreezerOptions } from "../../runtime/host/freezer.ts";
import { hostProse } from "../../runtime/host/host-error.ts";

const stopped = async (held: string | null): Promise<string> => {
  const child: Partial<Child> = {
    name: "counter",
    unready: null,
    capture: () =>
      Promise.resolve(E.left({ tag: "Deadline", deadline: 5, calls: ["File.write of thread main"] })),
  };
  const freezer = new Freezer({
    children: { living: () => child as Child },
    held: () => held,
  } as Partial<FreezerOptions> as FreezerOptions);
  const done = await freezer.stop(["counter"], {});
  return E.isLeft(done) ? hostProse(done.left) : "it stands";
};

describe("host: a child that can't be stopped", () => {
  it("fault 4: says so with what the host holds it for, where it does", async () => {
    expect(await stopped(null)).equal("not quiet within 5 ms: File.write of thread main");
    expect(await stopped("the journal can't be written: no space")).equal(
      "not quiet within 5 ms: File.write of thread main; the journal can't be written: no space",
    );
  });
});
