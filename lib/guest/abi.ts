// The binary interface between a protection domain's library and the runtime around it.
//
// Calls leave through the outbox, a block of linear memory at an address fixed in the base memory:
//
//   word 0    where the next record begins, in words
//   word 2…   records: slot, selector, method | form << 16, length, thread, fresh selector, 2 spare, payload…
//
// `length` is written for the forms that name it only, the fresh selector for argument lists only. A payload is
// padded to 16 bytes, and begins 8 bytes after a multiple of 16, as large arrays do in the engine's heap: on some
// processors copying to an address that is 1 to 15 bytes further than its source, modulo 4096, is 16 times slower.
// What does not fit a record (text, JSON, large bytes) is handed over by `attach` just before it and named by its
// form. Replies come in through one function, `deliver(slot, form, value, extra)`, or `deliver(slot)` for
// a plain `undefined`.

/** Which version of all this a library speaks. A host serves libraries of earlier releases too, in memories that they
 *  froze: it is raised where one could no longer be served. */
export const ABI = 1;

/** Bytes of the outbox. One 64 KiB payload fits; a fuller turn flushes in between. */
export const OUTBOX_BYTES = 131072;
/** Words of a record before its payload. */
export const RECORD_WORDS = 8;
/** Word index of the first record. */
export const FIRST_RECORD = 2;
/** Largest payload that travels inside the outbox, in bytes. */
export const INLINE_BYTES = 98304;

/** How a call's arguments travel. */
export const ARGS_NONE = 0;
/** One string, attached. */
export const ARGS_TEXT = 1;
/** One Uint8Array, in the record; `length` in bytes. */
export const ARGS_BYTES = 2;
/** One number, a float64 in the record. */
export const ARGS_NUMBER = 3;
/** A JSON array, attached; then `length` attachments, named in it as `{"\u0000": index}`. */
export const ARGS_JSON = 4;
/** One Uint8Array, attached. */
export const ARGS_LARGE = 5;

/** How a result travels. */
export const REPLY_VALUE = 0;
/** `value` is JSON text. */
export const REPLY_JSON = 1;
/** `value` is JSON text of a `SessionError`. */
export const REPLY_ERROR = 2;
/** A capability, at the fresh selector that the call named. */
export const REPLY_CAPABILITY = 3;
/** A region: `value` is its memory, `extra` its address. */
export const REPLY_REGION = 4;

/** Signals: `deliver` with slot -1, and a form that is no `REPLY_VALUE`. `value` is JSON text. */
export const SIGNAL_BOOT = 16;
export const SIGNAL_REVIVED = 17;

/** What others ask of a component that serves them: signals too. `value` is a message, see `packet.ts`; `extra` the
 *  key of a call. */
/** Someone opens a session: `[key, service, label, client]`, and the session's arguments. */
export const SERVE_OPEN = 32;
/** A call: `[key, object, method]`, and its arguments. */
export const SERVE_CALL = 33;
/** Nobody holds an object any more, or a session is closed: `[object, offers, key]`. `offers`: how often the object was
 *  handed out and is held no more; `key`: that of the session's `SERVE_OPEN`. What is not meant is 0. */
export const SERVE_CLOSE = 34;

/** A record's slot where no reply is wanted. */
export const NO_REPLY = -1;

/** The first selector that the runtime chooses, for capabilities that come in with a message. */
export const FIRST_GIVEN = 0x4000_0000;

/** Selectors that every protection domain is born with. */
export const PARENT = 0;
export const RAM = 1;
export const RM = 2;
export const CPU = 3;
export const PD = 4;
/** The LOG session behind `console`, and the Timer session behind `Date` and `setTimeout`. */
export const AMBIENT_LOG = 5;
export const AMBIENT_TIMER = 6;
/** The first selector that a component chooses for itself. */
export const FIRST_SELECTOR = 16;

/** What the boot signal says. */
export interface BootInfo {
  readonly label: string;
  /** Whether the route grants a Timer, without which `Date` and `setTimeout` throw `Denied`. */
  readonly timer: boolean;
}

/** What the revived signal says. */
export interface RevivedInfo {
  readonly generation: number;
  readonly host: string;
  readonly reopened: readonly {
    readonly kind: string;
    readonly provider: string;
    readonly name: string;
    readonly position: number | null;
    readonly changed?: string;
  }[];
}
