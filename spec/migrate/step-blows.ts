// Kills of a migration's hosts: at each step that either takes on its disk and in the world, and at random moments, rounds
// and recoveries included. Whatever happens, it goes on in one place, and the world outside is that of one that never moved.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { numbers } from "../torture/numbers.ts";
import { stepText, type Step, type StepName } from "../torture/step.ts";
import type { Traveling } from "./traveler.ts";
import { otherSide, type Side, type TwoProcesses } from "./two-processes.ts";

/** What a host does to its disk and to the world in the course of a migration. */
const STEPS: readonly StepName[] = [
  "store commit",
  "record write",
  "record sync",
  "record renamed",
  "journal append",
  "journal sync",
  "claim made",
  "claim sync",
  "claim removed",
  "file open",
  "file write",
];
/** What it does often: beyond this, what comes is more of the same. */
const MOST: Readonly<Partial<Record<StepName, number>>> = {
  "store commit": 12,
  "journal append": 4,
  "journal sync": 3,
  "file write": 3,
};
const MOST_OTHERWISE = 3;

/** Who is killed, by the role that it has then. */
export type Role = "source" | "sink";

const PATIENCE_MS = 60_000;
/** So often, and after so long, it is looked whether a host has come to the step that it is to end at. */
const MOST_LOOKS = 50;
const LOOK_MS = 20;

export class Torturer {
  readonly #two: TwoProcesses;
  readonly #traveling: Traveling;
  #home: Side = "here";
  #kills = 0;
  #last = "";

  constructor(two: TwoProcesses, traveling: Traveling) {
    this.#two = two;
    this.#traveling = traveling;
  }

  get kills(): number {
    return this.#kills;
  }

  #side(role: Role): Side {
    return role === "source" ? this.#home : otherSide(this.#home);
  }

  async #kill(side: Side): Promise<void> {
    await this.#two.kill(side);
    this.#kills += 1;
  }

  /** Both hosts are up: it goes on in one place, and nothing is lost or doubled outside. */
  async settle(): Promise<Side> {
    try {
      this.#home = await this.#two.settled();
      await this.#two.goesOn();
      const wrong = await this.#traveling.inspect(this.#two.folder, this.#kills);
      if (wrong !== null) throw new Error(wrong);
    } catch (cause) {
      throw new Error(`after kill ${this.#kills}, ${this.#last}: ${(cause as Error).message}`, { cause });
    }
    return this.#home;
  }

  /** Moves it, while the host in this role ends at the nth such step from then on; and again in the middle of its
   *  recovery, at `twice`. False: the step did not come. */
  async atStep(role: Role, kill: Step, twice: Step | null = null): Promise<boolean> {
    const two = this.#two;
    const side = this.#side(role);
    const armed = join(two.folder, "armed");
    await rm(armed, { force: true });
    await this.#kill(side);
    await two.again(side, { kill, armed });
    await this.settle();
    // It may have been killed on the other side meanwhile: the roles are as they were, since nothing has moved.
    await writeFile(armed, "");
    await two.moves(this.#home, true);
    this.#last = `the ${role} ${stepText(kill)}${twice === null ? "" : `, ${stepText(twice)} of its recovery`}`;
    const reached = await this.#comesToIt(side);
    if (reached) this.#kills += 1;
    else await this.#kill(side);
    if (reached && twice !== null) {
      await two.again(side, { kill: twice });
      await this.#kill(side);
    }
    // From here on nothing ends it.
    await two.again(side);
    await this.settle();
    return reached;
  }

  /** What a host does after it was moved, it does soon. */
  async #comesToIt(side: Side): Promise<boolean> {
    const two = this.#two;
    for (let looks = 0; looks < MOST_LOOKS && !two.isOver(side); looks++)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    return two.isOver(side);
  }

  /** Moves it, and kills either or both at any moment; and whoever comes back, now and then, on its way up. */
  async atRandom(random: () => number): Promise<string> {
    const two = this.#two;
    const roles: readonly Role[] =
      random() < 0.25 ? ["source", "sink"] : random() < 0.5 ? ["source"] : ["sink"];
    const sides = roles.map((role) => this.#side(role));
    const when: string[] = [];
    // So many phases of it are told, and then so many ms go by.
    let phases = 0;
    const waiting = sides.map((_, i) => {
      const phase = Math.floor(random() * 8);
      const after = Math.floor(random() ** 2 * 150);
      when.push(`${roles[i]} ${after} ms after phase ${phase}`);
      return { phase, after };
    });
    const killed: Promise<void>[] = [];
    const look = (isLast: boolean): void => {
      for (const [i, { phase, after }] of waiting.entries())
        if (killed[i] === undefined && (phase <= phases || isLast))
          killed[i] = new Promise((resolve) => setTimeout(resolve, after)).then(() => this.#kill(sides[i]!));
    };
    look(false);
    await two.moves(this.#home, random() > 0.3, () => {
      phases += 1;
      look(false);
    });
    look(true);
    await Promise.all(killed);
    for (const side of sides) {
      const isAgain = random() < 0.4;
      const what = RECOVERY[Math.floor(random() * RECOVERY.length)]!;
      const nth = 1 + Math.floor(random() * 3);
      if (isAgain) await two.again(side, { kill: { what, when: "after", nth } });
      if (isAgain) {
        await this.#kill(side);
        when.push(`again after ${what} ${nth} of its recovery`);
      }
      await two.again(side);
    }
    this.#last = when.join(", ");
    return this.#last;
  }
}

/** What a host does when it comes back. */
const RECOVERY: readonly StepName[] = [
  ...["record write", "record renamed", "store commit", "claim made", "journal made", "file open"],
] as StepName[];

/** Every step of either role, before and after it; each second one with another kill on the way up. */
export const blowsAtSteps = async (
  two: TwoProcesses,
  traveling: Traveling,
  tell: (text: string) => void,
  only = "",
): Promise<void> => {
  const torturer = new Torturer(two, traveling);
  await torturer.settle();
  for (const role of ["source", "sink"] as const)
    for (const what of STEPS.filter((each) => each.includes(only)))
      for (let nth = 1; nth <= (MOST[what] ?? MOST_OTHERWISE); nth++) {
        let came = false;
        for (const when of ["before", "after"] as const) {
          const kill: Step = { what, when, nth };
          const again = RECOVERY[nth % RECOVERY.length]!;
          const twice: Step | null = when === "after" ? { what: again, when: "after", nth: 1 } : null;
          came = await torturer.atStep(role, kill, twice);
          const home = await torturer.settle();
          const and = twice === null || !came ? "" : `, and ${stepText(twice)} of its recovery`;
          tell(
            `kill -9 of the ${role} ${stepText(kill)}${and}: ${came ? `it goes on ${home}` : "did not come"}`,
          );
          if (!came) break;
        }
        if (!came) break;
      }
  tell(`${torturer.kills} kills`);
};

/** So many migrations with kills at moments that follow from the seed. */
export const blowsAtRandom = async (
  two: TwoProcesses,
  traveling: Traveling,
  { count, seed }: { readonly count: number; readonly seed: number },
  tell: (text: string) => void,
): Promise<void> => {
  const torturer = new Torturer(two, traveling);
  await torturer.settle();
  const random = numbers(seed);
  for (let n = 1; n <= count; n++) {
    const what = await torturer.atRandom(random);
    const late = setTimeout(() => tell(`it takes long to settle after ${what}`), PATIENCE_MS);
    const home = await torturer.settle();
    clearTimeout(late);
    tell(`${n} of ${count}, kill -9 of the ${what}: it goes on ${home}`);
  }
  tell(`${torturer.kills} kills`);
};
