// One host a state directory, whoever is killed when.
import { fork, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { takeLock, type Running, type StateLock } from "../../runtime/daemon/state-lock.ts";
import type { Either } from "../../lib/fp.ts";

const HOLDER = fileURLToPath(new URL("make-holder.js", import.meta.url));

const take = (state: string): Promise<Either<Running, StateLock>> =>
  takeLock({ state, connection: (socket) => socket.end(), pidOf: () => Promise.resolve(7) });

const inState = (play: (state: string) => Promise<void>) => async (): Promise<void> => {
  const state = await mkdtemp(join(tmpdir(), "cryonode-lock-"));
  try {
    await play(state);
  } finally {
    await rm(state, { recursive: true });
  }
};

/** A process that tries to take the lock, and holds it where it gets it. */
const holder = async (state: string): Promise<{ readonly has: boolean; readonly child: ChildProcess }> => {
  const child = fork(HOLDER, [state]);
  const has = await new Promise<boolean>((resolve, reject) => {
    child.once("message", (message) => resolve(message as boolean));
    child.once("exit", (code) => reject(new Error(`it ended with ${code}`)));
  });
  return { has, child };
};

const killed = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill("SIGKILL");
  });

describe("daemon: the lock of a state directory", function () {
  this.timeout(60_000);

  it(
    "is one's alone, until it is given back",
    inState(async (state) => {
      const first = await take(state);
      if (E.isLeft(first)) throw new Error("nobody else is there");
      expect((await stat(join(state, "control.sock"))).mode & 0o777).to.equal(0o600);
      expect(await take(state)).to.deep.equal(E.left({ tag: "Running", state, pid: 7 }));
      await first.right.release();
      expect(await readdir(state)).to.deep.equal(["lock"]);
      const second = await take(state);
      if (E.isLeft(second)) throw new Error("nobody else is there");
      await second.right.release();
    }),
  );

  it(
    "of many at once one gets it, over and over",
    inState(async (state) => {
      for (let round = 0; round < 20; round++) {
        const taken = await Promise.all(Array.from({ length: 10 }, () => take(state)));
        const won = taken.flatMap((each) => (E.isRight(each) ? [each.right] : []));
        expect(won).to.have.lengthOf(1);
        await won[0]!.release();
      }
      // What is left over does not grow.
      expect((await readdir(join(state, "lock"))).length).to.be.at.most(2);
    }),
  );

  it(
    "fault 2: after kill -9 of its holder one of those who want it has it, and a living holder keeps it",
    inState(async (state) => {
      let current = await holder(state);
      expect(current.has).to.equal(true);
      for (let round = 0; round < 4; round++) {
        const [, ...others] = await Promise.all([
          killed(current.child),
          ...[1, 2, 3].map(() => holder(state)),
        ]);
        // They may all have come before the kill.
        const rest = others.some(({ has }) => has)
          ? []
          : await Promise.all([1, 2, 3].map(() => holder(state)));
        const all = [...others, ...rest];
        const won = all.filter(({ has }) => has);
        expect(won).to.have.lengthOf(1);
        expect((await holder(state)).has).to.equal(false);
        await Promise.all(all.filter(({ has }) => !has).map(({ child }) => killed(child)));
        current = won[0]!;
      }
      await killed(current.child);
    }),
  );

  it(
    "is refused, not broken, where something strange stands in its place",
    inState(async (state) => {
      await mkdir(join(state, "lock"));
      await mkdir(join(state, "lock", "3"));
      const refused = await take(state).then(
        (taken) => (E.isLeft(taken) ? "taken" : "got"),
        (error: NodeJS.ErrnoException) => error.code,
      );
      expect(refused).to.be.a("string").and.not.equal("got");
    }),
  );
});
