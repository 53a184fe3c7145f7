// Runs a set of components under `cryonode up`, ends it with `kill -9` again and again, and looks at the world that is
// left: it must be that of a run that was never killed.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { live, type LifeOptions } from "./life.ts";
import { numbers } from "./numbers.ts";
import { STEP_NAMES, stepText, type Step, type StepName } from "./step.ts";
import { EVERYONE, TortureWorld, type WorldOptions } from "./torture-world.ts";

export interface Tortured {
  /** What is wrong with the world, in words; nothing, where nothing is. */
  readonly wrong: readonly string[];
  readonly kills: number;
  /** Messages that foreign servers heard again, and that one did not hear, as its route chose. */
  readonly repeats: number;
  readonly losses: number;
  /** Steps at which the host was to be killed, or which were to fail, and which did not come. */
  readonly missed: readonly string[];
  /** How often somebody was woken, as far as hosts said so. */
  readonly wakings: number;
}

/** What users ask of a host while it runs. */
const COMMANDS = [
  ["freeze", "writer"],
  ["revive", "writer"],
  ["replace", "tally", "./tally-too.ts"],
  ["freeze", "asker"],
  ["checkpoint", "left"],
  ["revive", "asker"],
  ["freeze", "ledger"],
  ["revive", "ledger"],
  ["replace", "tally"],
  ["freeze", "once"],
  ["revive", "once"],
] as const;

/** Lives that end at random, amid recovery or when all are back. Every third is given commands. */
export const randomLives = (kills: number, seed: number): readonly LifeOptions[] => {
  const random = numbers(seed);
  return Array.from({ length: kills }, (_, at) => {
    const killAfter = Math.floor(random() ** 2 * 1500);
    const from = Math.floor(random() * COMMANDS.length);
    const commands = at % 3 === 2 ? [...COMMANDS.slice(from), ...COMMANDS.slice(0, from)] : [];
    return { killAfter, byLast: commands.length > 0 || random() < 0.6, commands };
  });
};

const ON_COMMAND = /^(image|claim)/;

/** A life that ends at a step. Where it takes a command to get there, it is given some. */
export const lifeAt = (step: Step): LifeOptions => ({
  kill: step,
  ...(ON_COMMAND.test(step.what) ? { commands: COMMANDS } : {}),
});

/** What a life does seldom. */
const SELDOM = /made|folder|trim|removed|renamed|claim|image|record|log sync|names sync|truncate/;

/** Every step, before and after, at its first time and some later ones; and at its first time twice more, one after the
 *  other: that is in the middle of a recovery, again and again. */
export const allSteps = (): readonly LifeOptions[] =>
  STEP_NAMES.flatMap((what) =>
    (["before", "after"] as const).flatMap((when) =>
      (SELDOM.test(what) ? [1, 1, 2] : [1, 1, 1, 2, 5, 17]).map((nth) => ({
        ...lifeAt({ what, when, nth }),
        patience: 8000,
      })),
    ),
  );

/** Each of these lives ends with the power of its machine, at one of these steps or else at random. */
export const powerCuts = (
  cuts: number,
  seed: number,
  steps: readonly Step[] = [],
): readonly LifeOptions[] => {
  const random = numbers(seed);
  return Array.from({ length: cuts }, (_, at) => {
    const kill = steps[at % Math.max(1, steps.length)];
    const end = kill === undefined ? { killAfter: Math.floor(random() * 1200), byLast: true } : { kill };
    const cut = { powerCut: Math.floor(random() * 2 ** 32) };
    // Now and then it is only the process that ends, and the power goes later.
    return {
      ...end,
      traced: true,
      boot: `boot-${at - (at % 3 === 2 ? 1 : 0)}`,
      ...(at % 3 === 1 ? {} : cut),
    };
  });
};

/** Named steps, each at one of its first times. */
export const someSteps = (names: readonly StepName[], seed: number): readonly LifeOptions[] => {
  const random = numbers(seed);
  return names.flatMap((what) =>
    (["before", "after"] as const).map((when) => ({
      ...lifeAt({ what, when, nth: 1 + Math.floor(random() * 4) }),
      patience: 8000,
    })),
  );
};

/** What a host says that has lost its way. */
const ASTRAY =
  /astray|can't be kept|could not be kept|Malformed|could not be brought|"event":"stuck"|UnhandledPromise/;
const FAULTED = /"event":"faulted","child":"(?!moody)/;

const nameOf = ({ kill, killAfter, byLast, powerCut, commands = [] }: LifeOptions): string =>
  `${powerCut === undefined ? "" : "power cut "}${kill === undefined ? `${killAfter} ms${byLast === true ? " after all were there" : ""}` : stepText(kill)}${commands.length > 0 ? ", with commands" : ""}`;

export interface TortureOptions extends WorldOptions {
  readonly lives: readonly LifeOptions[];
  /** Who plays. Default: everyone. */
  readonly cast?: readonly string[];
  /** Told how it goes. */
  readonly tell?: (text: string) => void;
}

export const torture = async ({
  lives,
  cast = EVERYONE,
  rests,
  checkpoint,
  tell = () => {},
}: TortureOptions): Promise<Tortured> => {
  const world = await TortureWorld.make(await mkdtemp(join(tmpdir(), "cryonode-torture-")), cast, {
    rests,
    checkpoint,
  });
  const missed: string[] = [];
  let kills = 0;
  let wakings = 0;
  const failed = async (why: string): Promise<Tortured> => ({
    wrong: [why],
    kills,
    missed,
    wakings,
    ...(await world.doubts()),
  });
  try {
    for (const options of lives) {
      const { failed: byItself, reached, said } = await live(world, options);
      kills++;
      wakings += said.split('"event":"woken"').length - 1;
      const name = nameOf(options);
      if (byItself) return await failed(`${name}: it ended by itself:\n${said.slice(-3000)}`);
      if (ASTRAY.test(said) || FAULTED.test(said))
        return await failed(`${name}, kill ${kills}:\n${said.slice(-6000)}`);
      if (options.kill !== undefined && !reached) missed.push(name);
      if (options.fail !== undefined && !said.includes(options.fail.code)) missed.push(options.fail.what);
      tell(
        `kill ${kills} of ${lives.length}, ${name}${options.kill !== undefined && !reached ? ", which did not come" : ""}: ${world.progress}`,
      );
    }
    await world.stop();
    const { done, said } = await live(world, {
      toTheEnd: true,
      ...(lives.at(-1)?.boot === undefined ? {} : { boot: "last" }),
    });
    if (!done || ASTRAY.test(said) || FAULTED.test(said))
      return await failed(`the last life:\n${said.slice(-9000)}`);
    wakings += said.split('"event":"woken"').length - 1;
    return { wrong: await world.inspect(kills), kills, missed, wakings, ...(await world.doubts()) };
  } finally {
    await world.close();
  }
};
