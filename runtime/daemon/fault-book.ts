// What brought children down: of each the last few faults, in a file of its own in the state directory, so that
// `inspect` can tell of them whether or not a host is there.
import * as t from "io-ts";
import { unlink } from "node:fs/promises";
import { natural, struct } from "../../lib/codec.ts";
import { E, type Either } from "../../lib/fp.ts";
import { MOST_CALLS } from "../durable/last-calls.ts";
import { disk } from "../image/disk.ts";
import { imageProse } from "../image/image-error.ts";
import { readBounded } from "../image/read-image.ts";
import { writeImage } from "../image/write-image.ts";
import { decodeNote } from "./json-note.ts";

const orNull = <C extends t.Mixed>(codec: C) => t.union([codec, t.null]);

export const FaultRecord = struct(
  {
    /** When, in ms since 1970. */
    at: natural,
    generation: natural,
    reason: t.string,
    /** `file:line:column` in the component's TypeScript, where there is one. */
    place: orNull(t.string),
    stack: t.string,
    /** The event in whose turn it faulted; null where it was none's, or could not be found out. */
    event: orNull(t.string),
    /** Whether that was set aside and the component went on. */
    forgiven: t.boolean,
    /** What it had called last, the oldest first. The calls of the turn itself had no effect, and are not among them. */
    calls: t.array(t.string),
  },
  {},
  "FaultRecord",
);
export type FaultRecord = t.TypeOf<typeof FaultRecord>;

const Faults = struct({ format: t.literal(1), faults: t.array(FaultRecord) }, {}, "a record of faults");

/** So many are kept of each child. */
const MOST_FAULTS = 16;
/** Of a reason, a stack or an event, in characters. */
const MOST_CHARACTERS = 4096;
const MOST_BYTES = 4 << 20;

const short = (text: string): string =>
  text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;

/** The faults in a file, the latest last; none where there is no file. Left: what is wrong with it. */
export const readFaults = async (path: string): Promise<Either<string, readonly FaultRecord[]>> => {
  const file = await readBounded(path, disk, MOST_BYTES);
  if (E.isLeft(file)) {
    const absent = file.left.tag === "Unreadable" && file.left.code === "ENOENT";
    return absent ? E.right([]) : E.left(imageProse(file.left));
  }
  const read = decodeNote(Faults, file.right.bytes);
  return read === null
    ? E.left(`${path} is damaged; expected what a host wrote there`)
    : E.right(read.faults);
};

/** Adds a fault. What it had called before counts as well, where the fault before was forgiven. Left: what failed. */
export const addFault = async (path: string, fault: FaultRecord): Promise<Either<string, void>> => {
  const read = await readFaults(path);
  // What is damaged is of no use to anybody.
  const before = E.isRight(read) ? read.right : [];
  const last = before.at(-1);
  const earlier = last?.forgiven === true && last.generation < fault.generation ? last.calls : [];
  const { reason, stack, event } = fault;
  const texts = { reason: short(reason), stack: short(stack), event: event === null ? null : short(event) };
  const calls = [...earlier, ...fault.calls].slice(-MOST_CALLS);
  const faults = [...before, { ...fault, ...texts, calls }].slice(-MOST_FAULTS);
  const bytes = Buffer.from(`${JSON.stringify({ format: 1, faults }, null, 1)}\n`);
  const written = await writeImage(path, bytes, disk);
  return E.isLeft(written) ? E.left(imageProse(written.left)) : E.right(undefined);
};

/** Nobody asks any more. */
export const dropFaults = async (path: string): Promise<void> => {
  // What is not there need not be removed.
  await unlink(path).catch(() => {});
};
