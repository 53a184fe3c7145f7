// Children of a village frozen in one cut and revived together, as a host does it.
import { E, type Either } from "../../lib/fp.ts";
import { resume, type Captured, type CaptureOptions } from "../../runtime/checkpoint/capture.ts";
import type { CheckpointError } from "../../runtime/checkpoint/checkpoint-error.ts";
import type { Revival } from "../../runtime/checkpoint/revive.ts";
import type { ProtectionDomain } from "../../runtime/domain/protection-domain.ts";
import { Rendezvous } from "../../runtime/host/rendezvous.ts";
import { ServiceBroker } from "../../runtime/host/service-broker.ts";
import type { ReviveChanges } from "./harness.ts";
import type { Village, Villager } from "./village.ts";

/** What each step of several comes to, in their order. */
type Each<A> = readonly Either<CheckpointError, A>[];

const isRight = <A>(each: Each<A>): boolean => each.every((one) => E.isRight(one));

/** All act, and each waits for the others at its rendezvous. */
const act = <A>(
  village: Village,
  villagers: readonly Villager[],
  step: (villager: Villager, together: () => Promise<boolean>) => Promise<Either<CheckpointError, A>>,
): Promise<Each<A>> => {
  const rendezvous = new Rendezvous(villagers.length);
  return village.carriedOn(
    Promise.all(
      villagers.map(async (villager) => {
        const done = await step(villager, () => rendezvous.arrive());
        if (E.isLeft(done)) rendezvous.fail();
        return done;
      }),
    ),
  );
};

/** One cut through them: they stand still then, each with its image. On failure all of them run on. */
export const tryCut = async (
  village: Village,
  names: readonly string[],
  changes: (name: string) => Partial<CaptureOptions> = () => ({}),
): Promise<Each<Captured>> => {
  const villagers = names.map((name) => village.at(name));
  const captured = await act(village, villagers, ({ name, harness }, together) =>
    harness.capture({ together, ...changes(name) }),
  );
  for (const [at, villager] of villagers.entries()) {
    const one = captured[at]!;
    if (E.isLeft(one)) continue;
    const { snapshot, memory, registers } = one.right;
    if (isRight(captured)) villager.image = { snapshot, memory, registers };
    else resume(villager.harness.domain);
  }
  return captured;
};

const cut = async (village: Village, names: readonly string[]): Promise<readonly Villager[]> => {
  const captured = await tryCut(village, names);
  if (!isRight(captured)) throw new Error(`${names.join()} are not frozen: ${JSON.stringify(captured)}`);
  return names.map((name) => village.at(name));
};

/** Freezes them in one cut: they are no longer here. */
export const freezeTogether = async (village: Village, names: readonly string[]): Promise<void> => {
  const villagers = await cut(village, names);
  for (const { name } of villagers) village.post.flush(name);
  await village.quiet();
  for (const villager of villagers) {
    await villager.harness.drop();
    village.left(villager, "frozen");
  }
  await village.quiet();
};

/** Takes their images while they go on. */
export const checkpointTogether = async (village: Village, names: readonly string[]): Promise<void> => {
  for (const { harness } of await cut(village, names)) resume(harness.domain);
  await village.quiet();
};

export const tryReviveTogether = async (
  village: Village,
  names: readonly string[],
  changes: (name: string) => ReviveChanges = () => ({}),
): Promise<Each<Revival>> => {
  const villagers = names.map((name) => village.at(name));
  for (const villager of villagers) {
    village.join(villager);
    villager.state = "live";
  }
  const all = await act(village, villagers, (villager, together) => {
    const made = (domain: ProtectionDomain): void => {
      villager.hears = domain;
    };
    const generation = villager.generation + 1;
    const revived = ({ domain, reopened }: Revival): void =>
      domain.signalRevived({ generation, host: "here", reopened });
    return villager.harness.revive(villager.image!, { made, together, revived, ...changes(villager.name) });
  });
  if (!isRight(all)) {
    for (const villager of villagers) {
      villager.hears = null;
      village.post.flush(villager.name);
      village.left(villager, "failed");
    }
    await village.quiet();
    return all;
  }
  for (const villager of villagers) villager.generation++;
  village.broker.settled(...villagers.map(({ identity }) => identity));
  await village.quiet();
  return all;
};

/** Brings them back together. Throws where they can't be. */
export const reviveTogether = async (
  village: Village,
  names: readonly string[],
  changes: (name: string) => ReviveChanges = () => ({}),
): Promise<void> => {
  const revived = await tryReviveTogether(village, names, changes);
  if (!isRight(revived)) throw new Error(`${names.join()} are not revived: ${JSON.stringify(revived)}`);
};

/** All that live are frozen in one cut, and come up together on a host that has seen none of them. */
export const moveTogether = async (village: Village, order: readonly string[]): Promise<void> => {
  const all = order.filter((name) => village.at(name).state === "live");
  await freezeTogether(village, all);
  village.broker.close();
  village.broker = new ServiceBroker(village.clock);
  await reviveTogether(village, all);
};
