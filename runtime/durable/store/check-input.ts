// Checkpoints and batches as the store takes them: what can't be is refused before anything is done.
import { storePageBytes } from "./page-set.ts";
import { chunkBytes } from "./chunk.ts";
import { isUuid } from "../../uuid.ts";
import type { Batch, Checkpoint } from "./store.ts";
import type { StoreError } from "./store-error.ts";

const MiB = 2 ** 20;
const maxMemoryBytes = 2 ** 32;
const maxBlobBytes = 64 * MiB;
const maxValueBytes = 16 * MiB;
const maxAttachments = 16;
const maxAddress = 2 ** 32 - 1;

const malformed = (place: string, expected: string, actual: string): StoreError => ({
  tag: "Malformed",
  place,
  expected,
  actual,
});

const tooLarge = (what: string, size: number, limit: number): StoreError => ({
  tag: "TooLarge",
  what,
  size,
  limit,
});

const isNatural = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const hasLength = (text: string, limit: number): boolean => text.length > 0 && text.length <= limit;

export const identityError = (identity: string): StoreError | null =>
  isUuid(identity) ? null : malformed("identity", "a UUID in lower case", JSON.stringify(identity));

export const nameError = (name: string): StoreError | null =>
  hasLength(name, 256) && !name.includes("\0") && !/\p{Surrogate}/u.test(name)
    ? null
    : malformed("key", "text of 1 to 256 characters without NUL", JSON.stringify(name.slice(0, 64)));

/** What is wrong with a checkpoint, or `null`. */
export const checkpointError = (checkpoint: Checkpoint): StoreError | null => {
  const { label, kin, base, memory, record, attachments, since, bound, registers } = checkpoint;
  const identity = identityError(checkpoint.identity);
  if (identity !== null) return identity;
  if (!hasLength(label, 1024)) return malformed("label", "1 to 1024 characters", `${label.length}`);
  if (kin !== null && !hasLength(kin, 256)) return malformed("kin", "1 to 256 characters", `${kin.length}`);
  if (!/^[0-9a-f]{64}$/.test(base))
    return malformed("base", "a SHA-256 in hexadecimal", JSON.stringify(base));
  for (const name of ["epoch", "sequence", "generation"] as const)
    if (!isNatural(checkpoint[name])) return malformed(name, "an integer, 0 or more", `${checkpoint[name]}`);
  for (const [name, value] of Object.entries(registers))
    if (!isNatural(value) || value > maxAddress) return malformed(name, "a 32-bit address", `${value}`);
  if (memory.length > maxMemoryBytes) return tooLarge("memory", memory.length, maxMemoryBytes);
  if (memory.length === 0 || memory.length % chunkBytes !== 0)
    return malformed("memory", "whole pages of 65536 bytes", `${memory.length} bytes`);
  if (record.length > maxBlobBytes) return tooLarge("record", record.length, maxBlobBytes);
  if (attachments.size > maxAttachments) return tooLarge("attachments", attachments.size, maxAttachments);
  for (const [name, bytes] of attachments) {
    if (!hasLength(name, 64))
      return malformed("an attachment's name", "1 to 64 characters", `${name.length}`);
    if (bytes.length > maxBlobBytes) return tooLarge(`attachment ${name}`, bytes.length, maxBlobBytes);
  }
  if (since !== null && since.changed.pages !== memory.length / storePageBytes)
    return malformed("changed", `${memory.length / storePageBytes} pages`, `${since.changed.pages}`);
  return bound === null || isNatural(bound) ? null : malformed("bound", "bytes", `${bound}`);
};

const twice = (names: readonly string[]): string | undefined =>
  names.find((name, index) => names.indexOf(name) !== index);

/** What is wrong with a batch, apart from its checkpoints, or `null`. */
export const batchError = (batch: Batch): StoreError | null => {
  const { checkpoints = [], set = new Map<string, Uint8Array>(), unset = [], remove = [] } = batch;
  const { epochs = new Map<string, number>(), forget = [] } = batch;
  for (const identity of [...remove, ...epochs.keys(), ...forget]) {
    const error = identityError(identity);
    if (error !== null) return error;
  }
  for (const name of [...set.keys(), ...unset]) {
    const error = nameError(name);
    if (error !== null) return error;
  }
  for (const [name, value] of set)
    if (value.length > maxValueBytes) return tooLarge(`value of ${name}`, value.length, maxValueBytes);
  for (const epoch of epochs.values())
    if (!isNatural(epoch)) return malformed("epoch", "an integer, 0 or more", `${epoch}`);
  const repeated =
    twice([...set.keys(), ...unset]) ??
    twice([...checkpoints.map(({ identity }) => identity), ...remove]) ??
    twice([...epochs.keys(), ...forget]);
  return repeated === undefined ? null : malformed("batch", "each key and identity once", repeated);
};
