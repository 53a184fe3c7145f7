// The messages of the command channel: the header of each frame, by kind. What the peer says is hostile until its codec
// has passed it: unknown kinds and fields are refused. docs/migration-protocol.md says who may say what, and when.
import * as t from "io-ts";
import { duration, natural, struct, text } from "../../lib/codec.ts";
import { E, type Either } from "../../lib/fp.ts";
import { decode } from "../image/cbor-reader.ts";
import { encode } from "../image/cbor.ts";
import { uuid } from "../image/fields.ts";
import { imageProse } from "../image/image-error.ts";
import type { MigrateError } from "./migrate-error.ts";
import { bounded } from "./bounded.ts";
import { MOST_TRAVELERS } from "./requirements.ts";
import { PHASE_NAMES, type Phase, type Role } from "./role.ts";

/** Version of the protocol. A peer of another one is refused. */
export const PROTOCOL = 3;

/** Bytes of a chunk of memory: what is named by its hash, and what the sink's store keeps as one. Memories are multiples
 *  of it. */
export const chunkBytes = 1 << 16;
/** Bytes of a page: of a chunk that the sink has in another form, only the pages that differ are sent. */
export const pageBytes = 1 << 12;
export const CHUNK_PAGES = chunkBytes / pageBytes;
/** All pages of a chunk, a bit each, the first one lowest. */
export const ALL_PAGES = (1 << CHUNK_PAGES) - 1;
export const hashBytes = 32;
/** A row of a table: the chunk's number, 32 bits little-endian, and its SHA-256. */
export const rowBytes = 4 + hashBytes;
/** What says of a page what it is like: so many bytes of its SHA-256. It is only used to leave out what need not be sent;
 *  the whole chunk is checked against its own hash. */
export const likenessBytes = 8;
/** Chunks in one frame, and rows in one table. */
export const MOST_CHUNKS = 16;
export const MOST_ROWS = 1 << 12;
/** Tables whose chunks have not all come. */
export const MOST_TABLES = 2;

const oneOf = <K extends string>(names: readonly K[]): t.Type<K, unknown> =>
  t.keyof(Object.fromEntries(names.map((name) => [name, null])) as Record<K, null>);

const names = bounded(text, MOST_TRAVELERS, "names");

const kind = <K extends string, F extends Readonly<Record<string, t.Mixed>>>(name: K, fields: F) =>
  struct({ kind: t.literal(name), ...fields }, {}, name);

const TaskFacts = struct({
  name: text,
  role: oneOf<Role>(["MigSink", "MigSource"]),
  phase: oneOf<Phase>(PHASE_NAMES),
});

const messages = {
  /** First on both sides. `host`: what it calls itself. */
  hello: kind("hello", { cryonode: natural, host: text }),

  // --- commands
  /** The information command, about tasks of these names. */
  information: kind("information", { names }),
  /** Body: canonical CBOR of the travelers' requirements. */
  receive: kind("receive", { task: uuid }),
  /** Asks a source to stop its travelers and hand them over to the caller. */
  transfer: kind("transfer", { names }),
  /** Asks for a first boot. */
  initialize: kind("initialize", { names }),

  /** From now on the channel carries sessions between the two hosts, in messages of this version. */
  carry: kind("carry", { version: natural }),

  // --- answers
  carrying: kind("carrying", { version: natural }),
  informed: kind("informed", {
    host: text,
    wordSize: natural,
    byteOrder: text,
    engines: bounded(text, 64, "engines"),
    format: natural,
    compression: bounded(text, 16, "compressions"),
    tasks: bounded(TaskFacts, MOST_TRAVELERS, "tasks"),
  }),
  /** They were started, and are of these generations. */
  initialized: kind("initialized", { generations: bounded(natural, MOST_TRAVELERS, "generations") }),
  accepted: kind("accepted", {}),
  /** Nothing has changed. Body: canonical CBOR of what is lacking; empty where it is not that. */
  refused: kind("refused", { name: text, reason: text }),

  // --- memory
  /** Chunks of a traveler's memory, which has so many bytes now. Body: their rows. Where it does not ask, there is no
   *  answer, and all of them come. */
  table: kind("table", { traveler: natural, memoryBytes: natural, asks: t.boolean }),
  /** Body: one bit for each row of the table, lowest first: whether the sink lacks it; then as many bits: whether it has
   *  something else there that its first pages of this migration may be left out of; and of each of these its pages. */
  lacking: kind("lacking", {}),
  /** The next chunks that were lacking. `pages`: which of its pages are sent, the others are as the sink has them there.
   *  `stored`: bytes of each in the body, deflated where fewer than its pages have. */
  chunks: kind("chunks", {
    stored: bounded(natural, MOST_CHUNKS, "lengths"),
    pages: bounded(natural, MOST_CHUNKS, "pages"),
  }),
  /** A round is over. */
  round: kind("round", { number: natural }),
  /** What came in until then is durable. */
  settled: kind("settled", { number: natural }),

  // --- handover
  /** A piece of the container's description, `total` bytes in all, which begins at `at`. The last one is followed by
   *  the seal. */
  container: kind("container", { total: natural, at: natural }),
  /** Body: the source's signature. */
  seal: kind("seal", {}),
  /** The sink has it all, durably. */
  prepared: kind("prepared", { task: uuid }),
  /** The source has decided: they are the sink's. */
  released: kind("released", { task: uuid }),
  /** They live at the sink. `ms`: from `released` until they went on. */
  activated: kind("activated", {
    task: uuid,
    generations: bounded(natural, MOST_TRAVELERS, "generations"),
    ms: duration,
  }),
  /** They are the sink's, and can't live there as things are; it keeps them. */
  stranded: kind("stranded", { task: uuid, reason: text }),

  // --- in doubt
  /** A sink asks what was decided. */
  inquire: kind("inquire", { task: uuid }),
  verdict: kind("verdict", { task: uuid, verdict: oneOf(["released", "kept", "undecided"]) }),
  /** A sink says that they live there; answered by `noted`. */
  confirm: kind("confirm", { task: uuid }),
  noted: kind("noted", { task: uuid }),
  /** A sink says that they live there, by its operator's word and though their source had not decided; `generations`: what
   *  they are there at least. */
  taken: kind("taken", { task: uuid, generations: bounded(natural, MOST_TRAVELERS, "generations") }),

  /** A source says of travelers which it had offered in this task, and which went from it to the receiver, that the sink of
   *  the task has taken them: as these generations. */
  overtaken: kind("overtaken", {
    task: uuid,
    travelers: bounded(struct({ identity: uuid, generation: natural }), MOST_TRAVELERS, "travelers"),
  }),

  // --- sessions between the two hosts
  /** A piece of the message (carried-message.ts) of this number, from 0 in each direction, `total` bytes in all, which
   *  begins at `at`. */
  carried: kind("carried", { number: natural, total: natural, at: natural }),

  // --- at any time
  /** Whatever is under way is given up. */
  abandon: kind("abandon", { reason: text }),
  /** It is still at work. */
  alive: kind("alive", {}),
} as const;

type Messages = typeof messages;
export type MessageKind = keyof Messages;
export type Message = { [K in MessageKind]: t.TypeOf<Messages[K]> }[MessageKind];
export type MessageOf<K extends MessageKind> = Extract<Message, { readonly kind: K }>;

export const MESSAGE_KINDS = Object.keys(messages) as readonly MessageKind[];

/** Of headers: shallow, and few values. */
const LIMITS = { depth: 4, items: 8192 };

export const encodeMessage = (message: Message): Uint8Array => encode(message);

const protocol = (place: string, expected: string, actual: string): Either<MigrateError, never> =>
  E.left({ tag: "Protocol", place, expected, actual });

/** A header from whoever says that it is one. */
export const decodeMessage = (header: Uint8Array): Either<MigrateError, Message> => {
  const value = decode(header, "a header", LIMITS);
  if (E.isLeft(value)) return protocol("a header", "canonical CBOR", imageProse(value.left));
  const { kind: name } = (value.right ?? {}) as { readonly kind?: unknown };
  if (typeof name !== "string" || !Object.hasOwn(messages, name))
    return protocol("a header", "a message that the protocol has", String(name).slice(0, 40));
  const codec = messages[name as MessageKind] as t.Type<Message, unknown>;
  const read = codec.decode(value.right);
  if (E.isRight(read)) return read;
  const place = (read.left[0]?.context ?? []).map(({ key }) => key).filter((key) => key !== "");
  return protocol(
    `${name}${place.length === 0 ? "" : `, ${place.join(".")}`}`,
    "what the protocol says",
    "something else",
  );
};
