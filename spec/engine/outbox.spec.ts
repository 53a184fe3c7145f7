// The outbox as a hostile component may leave it: whatever its bytes, reading it ends, and stays inside it.
import { expect } from "chai";
import * as fc from "fast-check";
import {
  ARGS_BYTES,
  ARGS_JSON,
  ARGS_NUMBER,
  FIRST_RECORD,
  OUTBOX_BYTES,
  RECORD_WORDS,
} from "../../lib/guest/abi.ts";
import { Attachments, readOutbox, type OutboxViews } from "../../runtime/engine/outbox.ts";

const FROM = 4096;

const memory = (): OutboxViews => {
  const buffer = new ArrayBuffer(FROM + OUTBOX_BYTES + 4096);
  return { words: new Int32Array(buffer), floats: new Float64Array(buffer), bytes: new Uint8Array(buffer) };
};

const MOST_RECORDS = OUTBOX_BYTES / 4 / RECORD_WORDS;

describe("outbox", () => {
  it("fault 42: any words are read to an end, and no argument reaches outside", () => {
    const word = fc.oneof(
      fc.integer(),
      fc.nat(40),
      fc.constantFrom(
        ARGS_BYTES << 16,
        ARGS_JSON << 16,
        ARGS_NUMBER << 16,
        OUTBOX_BYTES,
        OUTBOX_BYTES >> 2,
        -1,
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(word, fc.nat(OUTBOX_BYTES >> 2)),
        fc.array(word, { maxLength: 400 }),
        fc.array(fc.oneof(fc.json(), fc.string(), fc.uint8Array({ maxLength: 9 })), { maxLength: 5 }),
        (end, words, left) => {
          const views = memory();
          views.words[FROM >> 2] = end;
          views.words.set(words, (FROM >> 2) + FIRST_RECORD);
          const attachments = new Attachments();
          for (const each of left) attachments.add(each);
          let calls = 0;
          readOutbox(views, FROM, attachments, (_slot, _selector, _method, _thread, _fresh, args) => {
            calls++;
            const [first] = Array.isArray(args) ? (args as unknown[]) : [];
            if (first instanceof Uint8Array && first.buffer === views.bytes.buffer) {
              expect(first.byteOffset).least(FROM);
              expect(first.byteOffset + first.byteLength).most(FROM + OUTBOX_BYTES);
            }
          });
          expect(calls).most(MOST_RECORDS);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("fault 42: attachments that were announced and never left are none", () => {
    const views = memory();
    views.words[FROM >> 2] = FIRST_RECORD + RECORD_WORDS;
    views.words.set([0, 16, ARGS_JSON << 16, 2 ** 31 - 1, 0, 0], (FROM >> 2) + FIRST_RECORD);
    const seen: unknown[] = [];
    readOutbox(views, FROM, new Attachments(), (...[, , , , , args]) => seen.push(args));
    expect(seen).deep.equal([undefined]);
  });
});
