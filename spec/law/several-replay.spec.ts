// Law 1 for several children: what one of them holds of others, serves to them and waits for, replayed, is recorded
// again the same.
import { expect } from "chai";
import * as fc from "fast-check";
import { RemotePosition } from "../../runtime/core/remote.ts";
import { MEMORY_SLOT } from "../../runtime/domain/memory-event.ts";
import type { Snapshot } from "../../runtime/checkpoint/snapshot.ts";
import { comparable } from "./comparable.ts";
import {
  DEEDS,
  NAMES,
  neighbourhood,
  peerProgram,
  scriptsOf,
  shuffle,
  type Scripts,
} from "./several/neighbourhood.ts";

/** What two freezes must agree on. Each incarnation has ids of its own for the calls that are yet to come. Answers are
 *  kept until their caller, which has come back in between, acknowledges them; and what others wrote to shared memory
 *  comes when it comes. */
const told = ({ positions, calls, services, inbox, ...rest }: Snapshot): unknown => ({
  ...rest,
  inbox: inbox.filter(({ slot }) => slot !== MEMORY_SLOT),
  services:
    services === undefined
      ? undefined
      : { ...services, served: services.served.map((each) => ({ ...each, kept: [] })) },
  positions: positions
    .map(([selector, position]): [number, unknown] => {
      if (!RemotePosition.is(position)) return [selector, position];
      const { ids: _, ...lasting } = position;
      return [selector, lasting];
    })
    .map(comparable),
  calls: calls.map(({ slot, selector, method, thread, args, link }) => ({
    slot,
    selector,
    method,
    thread,
    link,
    args: method === "sleep" ? [] : args,
  })),
});

const keptIn = ({ services }: Snapshot): readonly string[] =>
  (services?.served ?? []).flatMap(({ link, kept }) => kept.map(({ id }) => `${link} ${id}`));

describe("law 1: several children", function () {
  this.timeout(120_000);
  let bytecode: Uint8Array;
  before(async () => {
    bytecode = await peerProgram();
  });

  /** Runs to a point, freezes all, and each of them a second time with nobody there to disturb it. */
  const assertReplayInvertsRecord = async (
    scripts: Scripts,
    point: number,
    seed: number,
  ): Promise<number> => {
    const village = await neighbourhood(bytecode, scripts);
    try {
      shuffle(village, seed);
      for (let at = 0; at < point && (await village.advance()); at++);
      for (const name of NAMES) await village.freeze(name);
      let links = 0;
      for (const name of NAMES) {
        const first = village.at(name).image!;
        await village.revive(name);
        await village.freeze(name);
        const second = village.at(name).image!;
        expect(told(second.snapshot), name).deep.equal(told(first.snapshot));
        expect(keptIn(first.snapshot), `answers kept by ${name}`).to.include.members([
          ...keptIn(second.snapshot),
        ]);
        expect(Buffer.compare(second.memory, first.memory), `memory of ${name}`).equal(0);
        links += first.snapshot.services?.served.length ?? 0;
      }
      return links;
    } finally {
      await village.close();
    }
  };

  it("law 1: replay inverts record for services, delegations and calls both ways", async () => {
    let links = 0;
    await fc.assert(
      fc.asyncProperty(scriptsOf(...DEEDS), fc.nat(150), fc.integer(), async (scripts, point, seed) => {
        links += await assertReplayInvertsRecord(scripts, point, seed);
      }),
      { numRuns: 60 },
    );
    expect(links).greaterThan(100);
  });
});
