// A peer that keeps to no contract: whatever it is asked or answered, it says what its script tells it, as a library
// would write it and as none would. In the texts of a script, `@key` stands for the key of the last request, `@first`
// for that of the first, and `@given` for the last capability that came.
import {
  ARGS_JSON,
  NO_REPLY,
  RECORD_WORDS,
  SERVE_CALL,
  SERVE_OPEN,
  SIGNAL_BOOT,
} from "../../lib/guest/abi.ts";
import { DEEDS, domainOf } from "./hostile-guest.ts";
import { Harness } from "./harness.ts";
import type { World } from "./world.ts";

/** A call: of which selector (`@given` where null) and method, with which JSON and how many bytes beside it; posted, or
 *  in a slot with a selector for its result. */
export interface Said {
  readonly selector: number | null;
  readonly method: number;
  readonly args: string;
  readonly bytes: number;
  readonly slot: number;
  readonly fresh: number;
}

/** What it says at each of its turns; after the last, it begins again `rounds` times. */
export interface Speech {
  /** Said at each request for a session, before all else. */
  readonly opens: readonly Said[];
  /** Said at each call that it is asked to serve, one after the other, again and again. */
  readonly answers: readonly (readonly Said[])[];
  readonly turns: readonly (readonly Said[])[];
  readonly rounds: number;
}

const LIBRARY = `${DEEDS}
let speech = { opens: [], answers: [], turns: [], rounds: 0 };
let at = 0;
let asked = 0;
let key = 0;
let first = 0;
let given = 0x40000000;
const hear = (form, value) => {
  if (form !== ${SERVE_OPEN} && form !== ${SERVE_CALL}) return;
  const text = typeof value === "string" ? value : "";
  const head = JSON.parse(text.slice(0, text.indexOf("\\n")) || "[0,[],[]]");
  key = head[0];
  first ||= key;
  const passed = head[head.length - 2];
  if (passed.length > 0) given = passed[passed.length - 1][0];
};
const say = ({ selector, method, args, bytes, slot, fresh }) => {
  const text = args.replaceAll("@key", key).replaceAll("@first", first).replaceAll("@given", given);
  deeds.text(text);
  for (let i = 0; i < bytes; i++) deeds.bytes(9 + i);
  deeds.record([slot, selector ?? given, method | ${ARGS_JSON << 16}, bytes, 0, fresh, ...new Array(${RECORD_WORDS - 6}).fill(0)]);
};
globalThis.__cryonode = {
  start() {},
  deliver(slot, form, value) {
    if (slot === -1 && form === ${SIGNAL_BOOT}) speech = JSON.parse(JSON.parse(value).label);
    else if (slot === -1) hear(form, value);
    if (slot === -1 && form === ${SERVE_OPEN}) for (const said of speech.opens) say(said);
    if (slot === -1 && form === ${SERVE_CALL} && speech.answers.length > 0)
      for (const said of speech.answers[asked++ % speech.answers.length]) say(said);
    if (at >= speech.turns.length * (1 + speech.rounds)) return;
    for (const said of speech.turns[at++ % speech.turns.length]) say(said);
  },
};
`;

/** A harness for such a peer. It can't be frozen. */
export const hostilePeer = (world: World, speech: Speech): Harness => {
  const domain = domainOf(LIBRARY, world, speech);
  domain.load();
  return Harness.around(domain, world);
};

/** A slot that nothing comes back in. */
export const POSTED = NO_REPLY;
