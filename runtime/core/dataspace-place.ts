// Where a copy of a shared dataspace stands: at which difference of its order. The order is told by its home, and named
// by an epoch that begins with the home. A home that was made again from an image begins a new one, and remembers points
// of former epochs that it goes back to, with the bytes that it changed since: so copies that rested elsewhere meanwhile
// find their place, in whatever order they come back.
//
// A point says: the content is what the first `number` differences of `epoch` made of it, but for the bytes that are
// marked in `touched`.
import * as t from "io-ts";
import { bytes, natural, struct, text } from "../../lib/codec.ts";
import { differenceBetween, eachRun } from "./difference.ts";

const PastRecord = struct({
  epoch: text,
  number: natural,
  /** A bit a byte. */
  touched: bytes,
});

export const PlaceRecord = struct(
  {
    epoch: text,
    /** Differences since the epoch began. */
    number: natural,
    /** Points of former epochs. */
    past: t.array(PastRecord),
  },
  {},
  "PlaceRecord",
);
export type PlaceRecord = t.TypeOf<typeof PlaceRecord>;

type Past = t.TypeOf<typeof PastRecord>;

export interface Place {
  readonly epoch: string;
  number: number;
  past: Past[];
}

/** A copy and its place. */
export interface Placed {
  readonly place: Place;
  readonly content: Uint8Array;
}

/** Points of former epochs that are remembered. */
const MOST_PASTS = 8;

const bitsFor = (size: number): Uint8Array => new Uint8Array((size + 7) >> 3);

const isMarked = (bits: Uint8Array | null, at: number): boolean =>
  bits !== null && (bits[at >> 3]! & (1 << (at & 7))) !== 0;

const mark = (bits: Uint8Array, difference: Uint8Array): void =>
  eachRun(difference, (offset, _at, length) => {
    for (let at = offset; at < offset + length; at++) bits[at >> 3]! |= 1 << (at & 7);
  });

/** What is marked in one of them; a copy. */
const either = (one: Uint8Array, other: Uint8Array | null): Uint8Array =>
  other === null ? one.slice() : one.map((bits, at) => bits | other[at]!);

/** Whether a place fits a dataspace of `size` bytes. */
export const isPlaceOf = ({ past }: PlaceRecord, size: number): boolean =>
  past.length <= MOST_PASTS && past.every(({ touched }) => touched.length === bitsFor(size).length);

/** At the beginning of an epoch that has no past. */
export const firstPlace = (epoch: string): Place => ({ epoch, number: 0, past: [] });

/** A copy that shares nothing with it. */
export const copyOf = ({ epoch, number, past }: Place): Place => ({
  epoch,
  number,
  past: past.map((each) => ({ ...each, touched: each.touched.slice() })),
});

/** Whether nothing has come in its epoch. Whoever else was there then knows the point that it went back to, which says
 *  as much: it is no point to remember, or one copy that comes and goes, over and over, would forget the others. */
const isBlank = ({ number, past: [last] }: Place): boolean =>
  number === 0 && last !== undefined && last.touched.every((bits) => bits === 0);

/** At the beginning of an epoch that goes on from `from`, for `size` bytes. */
export const nextEpoch = (from: Place, epoch: string, size: number): Place => {
  const { past } = copyOf(from);
  if (isBlank(from)) return { epoch, number: 0, past };
  const last = { epoch: from.epoch, number: from.number, touched: bitsFor(size) };
  return { epoch, number: 0, past: [last, ...past].slice(0, MOST_PASTS) };
};

/** Where a copy stands that goes on from `from` with differences that have no number yet. */
export const beside = (
  from: Place,
  epoch: string,
  size: number,
  differences: readonly Uint8Array[],
): Place => {
  const place = nextEpoch(from, epoch, size);
  for (const difference of differences) advance(place, 0, difference);
  return place;
};

/** A difference has come: the one of this number. */
export const advance = (place: Place, number: number, difference: Uint8Array): void => {
  place.number = number;
  for (const { touched } of place.past) mark(touched, difference);
};

/** `touched`: null for nothing. */
type Point = Omit<Past, "touched"> & { readonly touched: Uint8Array | null };

const pointsOf = ({ epoch, number, past }: Place): readonly Point[] => [
  { epoch, number, touched: null },
  ...past,
];

export interface Meeting {
  /** What the home has yet to take from the copy; null for nothing. */
  readonly late: Uint8Array | null;
  /** They have no past in common: what the copy says is not taken. */
  readonly strange: boolean;
  /** What the home remembers of its past once it has taken that. */
  readonly past: Past[];
}

/** The last point that a copy has in common with its home. */
const commonPoint = (ours: readonly Point[], theirs: readonly Point[]): readonly [Point, Point] | null => {
  for (const their of theirs) {
    const own = ours.find(({ epoch }) => epoch === their.epoch);
    if (own !== undefined) return [own, their];
  }
  return null;
};

/**
 * A copy comes back to the dataspace's home. Of bytes that differ, the one that was changed since their common past
 * counts; of bytes changed on both sides, the home's; of bytes changed on neither, the one that is further in the
 * common order. Changes neither of them.
 */
export const meet = (home: Placed, copy: Placed): Meeting => {
  const ours = pointsOf(home.place);
  const theirs = pointsOf(copy.place);
  const common = commonPoint(ours, theirs);
  const past = copyOf(home.place).past;
  if (common === null) return { late: null, strange: true, past };
  const [own, their] = common;
  // Of its own epoch, the home has heard everything.
  if (own === ours[0] && their === theirs[0]) return { late: null, strange: false, past };
  const isFurther = their.number > own.number;
  const target = home.content.slice();
  for (const [at, value] of copy.content.entries())
    if (value !== target[at] && !isMarked(own.touched, at) && (isFurther || isMarked(their.touched, at)))
      target[at] = value;
  const late = differenceBetween(home.content, target);
  const told = isBlank(copy.place) ? theirs.slice(1) : theirs;
  return { late, strange: false, past: merged(common, ours, told, late, target, copy.content) };
};

/** The points of both, as they are true of the content that came of the meeting. */
const merged = (
  [own, their]: readonly [Point, Point],
  ours: readonly Point[],
  theirs: readonly Point[],
  late: Uint8Array | null,
  target: Uint8Array,
  copy: Uint8Array,
): Past[] => {
  const taken = bitsFor(target.length);
  if (late !== null) mark(taken, late);
  const left = bitsFor(target.length);
  const missed = differenceBetween(copy, target);
  if (missed !== null) mark(left, missed);
  const known = ours
    .slice(1)
    .map(({ epoch, number, touched }) =>
      epoch === own.epoch
        ? { epoch, number: Math.max(number, their.number), touched: either(touched!, their.touched) }
        : { epoch, number, touched: either(touched!, taken) },
    );
  const learnt = theirs
    .filter(({ epoch }) => ours.every((each) => each.epoch !== epoch))
    .map(({ epoch, number, touched }) => ({ epoch, number, touched: either(left, touched) }));
  return [...known, ...learnt].slice(0, MOST_PASTS);
};
