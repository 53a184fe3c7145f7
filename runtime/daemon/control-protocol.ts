// What commands and a durable host say to each other over the control socket: one request a connection, a line of
// JSON; then what happens meanwhile, a line each; then what came of it, and the end.
//
//   request   {"cryonode": 1, "command": "freeze", "name": "counter", "image": null}
//   answers   {"told": {...}}            any number: what happens while it waits
//             {"done": ...}              once, or
//             {"refused": {"tag": "...", "message": "...", "wrong": "input" | "state" | "fault"}}
import * as t from "io-ts";
import { natural, struct, text } from "../../lib/codec.ts";
import { E, type Either } from "../../lib/fp.ts";
import { Lack } from "../migrate/lack.ts";
import { didYouMean, nearest } from "../nearest.ts";

/** The version of all this. A host refuses any other. */
export const VERSION = 1;

/** A request, in bytes. */
export const MOST_REQUEST_BYTES = 1 << 20;
/** An answer, in bytes: a call's result may be large. */
export const MOST_ANSWER_BYTES = 64 << 20;

const CRYONODE = t.literal(VERSION);

const command = <N extends string, F extends Readonly<Record<string, t.Mixed>>>(name: N, fields: F) =>
  struct({ cryonode: CRYONODE, command: t.literal(name), ...fields }, {}, name);

/** Nothing is null, so that no key is ever missing. */
const orNull = <C extends t.Mixed>(codec: C) => t.union([codec, t.null]);

/** As many groups a drain moves at once: each has a connection, of which a host takes 32 of a peer. */
export const MOST_MOVES = 24;

const commands = {
  /** Who is there. */
  hello: command("hello", {}),
  ps: command("ps", {}),
  start: command("start", { name: text }),
  /** `image`: an absolute path; null: in the state directory, under the child's name. */
  freeze: command("freeze", { name: text, image: orNull(text) }),
  checkpoint: command("checkpoint", { name: text, image: orNull(text) }),
  revive: command("revive", { name: text }),
  kill: command("kill", { name: text }),
  /** `component`: an absolute path; null: the one that it has, as it is now. */
  replace: command("replace", { name: text, component: orNull(text) }),
  /** `file`: an absolute path. `move`: it is given up, to the host with the key `to`, or else to this one. `encrypt`: a
   *  key that it is sealed for. */
  export: command("export", {
    name: text,
    file: text,
    move: t.boolean,
    to: orNull(text),
    encrypt: orNull(text),
    whole: t.boolean,
  }),
  /** `as`: null: under the name that it had. */
  import: command("import", { file: text, as: orNull(text) }),
  /** `args`: the method's, in order. `within`: how long it may take, in ms. */
  call: command("call", {
    name: text,
    service: text,
    label: text,
    method: text,
    args: t.array(t.unknown),
    within: orNull(natural),
  }),
  /** `to`: a peer's name, or its address. `precopy`: whether memory goes over while it runs. `pause`: how long it should
   *  stand still at most, in ms; `rounds`: most rounds of memory. */
  migrate: command("migrate", {
    name: text,
    /** Who goes with it. */
    with: t.array(text),
    to: text,
    precopy: t.boolean,
    pause: orNull(natural),
    rounds: orNull(natural),
  }),
  /** Asks a peer, by its name or address, for a child of its, with those that go with it. */
  fetch: command("fetch", { name: text, with: t.array(text), from: text }),
  /** Has a peer start an entry of its for the first time, or anew. */
  initialize: command("initialize", { name: text, on: text }),
  /** Stops a migration that is under way. */
  abort: command("abort", { name: text }),
  /** Settles a doubt: the child's source is gone for good. */
  resolve: command("resolve", { name: text }),
  /** Moves all that run, `most` at a time, of which there are `MOST_MOVES`. */
  drain: command("drain", { to: text, most: natural }),
  /** Stops those that are under way to that peer, as `to` was said: what has not been decided stays. */
  halt: command("halt", { to: text }),
  /** Freezes all and ends the host. */
  stop: command("stop", {}),
} as const;

type Commands = typeof commands;
export type CommandName = keyof Commands;
export type Request = { [K in CommandName]: t.TypeOf<Commands[K]> }[CommandName];
export type RequestOf<K extends CommandName> = Extract<Request, { readonly command: K }>;

/** Why a request came to nothing. Nothing has changed. */
export interface Refusal {
  readonly tag: string;
  readonly message: string;
  /** What is wrong: what was asked for; that it can't be had as things stand; or Cryonode itself. */
  readonly wrong: "input" | "state" | "fault";
  /** What another host lacks for who was to go there, where it is that: each by itself. */
  readonly lacking?: { readonly host: string; readonly lacks: readonly Lack[] } | undefined;
}

const RefusalCodec = struct(
  { tag: text, message: t.string, wrong: t.keyof({ input: null, state: null, fault: null }) },
  { lacking: struct({ host: t.string, lacks: t.readonlyArray(Lack) }) },
  "Refusal",
);

export const Answer = t.union([
  struct({ told: t.unknown }, {}, "told"),
  struct({ done: t.unknown }, {}, "done"),
  struct({ refused: RefusalCodec }, {}, "refused"),
]);
export type Answer = t.TypeOf<typeof Answer>;

export const refusal = (tag: string, message: string, wrong: Refusal["wrong"]): Refusal => ({
  tag,
  message,
  wrong,
});

const shown = (value: unknown): string => {
  const given = JSON.stringify(value);
  if (given === undefined) return "missing";
  return given.length > 80 ? `${given.slice(0, 79)}…` : given;
};

const malformed = (message: string): Either<Refusal, never> =>
  E.left(refusal("Protocol", `the request is none: ${message}`, "input"));

/** A request from whoever says that it is one. */
export const readRequest = (value: unknown): Either<Refusal, Request> => {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return malformed(`${shown(value)}, expected an object`);
  const { cryonode: version, command: name } = value as Record<string, unknown>;
  if (version !== VERSION)
    return E.left(
      refusal(
        "Version",
        `this host speaks version ${VERSION} of the control protocol, the request is of version ${shown(version)}; ` +
          "use the command line that the host was started with",
        "input",
      ),
    );
  const known = Object.keys(commands);
  if (typeof name !== "string" || !Object.hasOwn(commands, name)) {
    const meant = typeof name === "string" ? nearest(name, known) : null;
    return malformed(
      `its command is ${shown(name)}, expected one of ${known.join(", ")}${didYouMean(meant)}`,
    );
  }
  const codec = commands[name as CommandName] as t.Type<Request, unknown>;
  const read = codec.decode(value);
  if (E.isRight(read)) return read;
  const [, field] = read.left[0]!.context;
  return field === undefined
    ? malformed(name)
    : malformed(`${name}: ${field.key} is ${shown(field.actual)}, expected ${field.type.name}`);
};
