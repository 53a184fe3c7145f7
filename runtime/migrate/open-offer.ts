// Tasks in which a traveler was offered to other hosts before it leaves for this one, and which those have not settled: the
// operator of such a host may declare it taken. Whoever has the traveler then hears so from the host that it came from.
// Hostile until its codec has passed it.
import * as t from "io-ts";
import { natural, struct } from "../../lib/codec.ts";
import { E, type Either } from "../../lib/fp.ts";
import { encode } from "../image/cbor.ts";
import { decode } from "../image/cbor-reader.ts";
import { uuid } from "../image/fields.ts";
import { bounded } from "./bounded.ts";
import type { Cargo } from "./container.ts";
import type { MigrateError } from "./migrate-error.ts";

/** Of one traveler. */
const MOST_OFFERS = 64;
const LIMITS = { depth: 4, items: 8 * MOST_OFFERS };

/** The generation is the one that was offered. */
const Offered = struct({ task: uuid, generation: natural }, {}, "Offered");
const AllOffered = bounded(Offered, MOST_OFFERS, "offers");

export interface OpenOffer extends t.TypeOf<typeof Offered> {
  readonly name: string;
  readonly identity: string;
}

/** The kind of cargo that they are, and the version of its form. */
export const OFFERS_CARGO = { kind: "offers", version: 1 } as const;

export const offersCargo = (offers: readonly OpenOffer[]): readonly Cargo[] =>
  [...new Set(offers.map(({ name }) => name))].map((child) => {
    const own = offers.filter(({ name }) => name === child);
    return {
      ...OFFERS_CARGO,
      child,
      bytes: encode(own.map(({ task, generation }) => ({ task, generation }))),
    };
  });

/** What a container says of them; null where it is something else. */
export const decodeOffers = (encoded: Uint8Array): readonly t.TypeOf<typeof Offered>[] | null => {
  const value = decode(encoded, "open offers", LIMITS);
  const read = E.isLeft(value) ? null : AllOffered.decode(value.right);
  return read === null || E.isLeft(read) ? null : read.right;
};

/** What was judged when it came in. */
export const offersIn = (
  cargo: readonly Cargo[],
  travelers: readonly { readonly name: string; readonly identity: string }[],
): readonly OpenOffer[] =>
  cargo
    .filter(({ kind }) => kind === OFFERS_CARGO.kind)
    .flatMap(({ child, bytes }) =>
      travelers
        .filter(({ name }) => name === child)
        .flatMap(({ name, identity }) =>
          (decodeOffers(bytes) ?? []).map((offer) => ({ ...offer, name, identity })),
        ),
    );

/** What one was offered in elsewhere has to go with it, so that it is heard of there. */
export const tooMany = (offers: readonly OpenOffer[]): Either<MigrateError, void> => {
  const most = new Map<string, number>();
  for (const { name } of offers) most.set(name, (most.get(name) ?? 0) + 1);
  const child = [...most].find(([, count]) => count > MOST_OFFERS)?.[0];
  if (child === undefined) return E.right(undefined);
  const reason = `was offered to other hosts ${MOST_OFFERS} times, which have not heard that it was kept: it goes when they have`;
  return E.left({ tag: "Unfit", child, reason });
};

/**
 * The generation of one that is taken by an operator's word is greater by this than that of one which is let go: so none
 * that its source may have brought back meanwhile, however often, is a later incarnation than the one that the operator has
 * spoken for.
 */
export const TAKEN_LEAP = 1_000_000;

/** What one is as that was offered in this generation and is taken: no other generation is believed. */
export const takenAs = (generation: number): number => generation + TAKEN_LEAP + 1;
