import { expect } from "chai";
import { E, type Either } from "../../lib/fp.ts";
import { OneAtATime, OWN, type Busy } from "../../runtime/daemon/one-at-a-time.ts";

describe("what is done with a child", () => {
  const act = async (): Promise<Either<never, string>> => E.right("done");

  /** Something that is under way until `end` is called. */
  const underWay = (): { readonly act: () => Promise<Either<never, void>>; readonly end: () => void } => {
    let end = (): void => {};
    const over = new Promise<void>((resolve) => (end = resolve));
    return { act: () => over.then(() => E.right(undefined)), end: () => end() };
  };

  for (const what of Object.values(OWN))
    it(`a command waits while the host is about to ${what} it`, async () => {
      const commands = new OneAtATime();
      const { act: own, end } = underWay();
      const owned = commands.whenFree("counter", what, own);
      const command = commands.ownDone("counter").then(() => commands.try("counter", "freeze", act));
      expect(commands.doing("counter")).equal(what);
      end();
      await owned;
      expect(await command).deep.equal(E.right("done"));
    });

  it("two that wait for the same take their turns one after the other", async () => {
    const commands = new OneAtATime();
    const [first, second] = [underWay(), underWay()];
    const begun: string[] = [];
    const freeze = commands.try("counter", "freeze", first.act);
    const waiting = [OWN.restart, OWN.examine].map((what) =>
      commands.whenFree("counter", what, () => {
        begun.push(what);
        return second.act();
      }),
    );
    first.end();
    await freeze;
    await new Promise(setImmediate);
    expect(begun).deep.equal([OWN.restart]);
    second.end();
    await Promise.all(waiting);
    expect(begun).deep.equal([OWN.restart, OWN.examine]);
  });

  it("a command does not wait for another one, and hears which", async () => {
    const commands = new OneAtATime();
    const { act: other, end } = underWay();
    const first = commands.try("counter", "migrate", other);
    await commands.ownDone("counter");
    const busy: Busy = { tag: "Busy", child: "counter", doing: "migrate" };
    expect(await commands.try("counter", "freeze", act)).deep.equal(E.left(busy));
    expect(await commands.try("tally", "freeze", act)).deep.equal(E.right("done"));
    end();
    await first;
    expect(await commands.try("counter", "freeze", act)).deep.equal(E.right("done"));
  });
});
