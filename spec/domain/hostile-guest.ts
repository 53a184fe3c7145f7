// A guest library that does what no component can: it writes into the outbox whatever it is told. Each turn of its
// script is run at one delivery.
import { buildBase, type Base } from "../../runtime/engine/base.ts";
import { ProtectionDomain } from "../../runtime/domain/protection-domain.ts";
import { bytecodeOf, platform } from "./program.ts";
import type { World } from "./world.ts";

/** Leaves text or so many bytes beside the next record; writes a record; writes one word; empties the outbox. */
export type Deed =
  | readonly ["text", string]
  | readonly ["bytes", number]
  | readonly ["record", readonly number[]]
  | readonly ["word", number, number]
  | readonly ["flush"];

export type Script = readonly (readonly Deed[])[];

const LIBRARY = `
const host = globalThis.__host;
const words = new Int32Array(host.outbox);
words[0] = 2;
let turns = [];
const deeds = {
  text: (text) => host.attach(text),
  bytes: (length) => host.attach(new Uint8Array(length).fill(7)),
  record(record) {
    const at = words[0];
    record.forEach((word, i) => { words[at + i] = word; });
    words[0] = at + record.length;
  },
  word(at, value) { words[at] = value; },
  flush: () => host.flush(),
};
globalThis.__cryonode = {
  start() {},
  deliver(slot, form, value) {
    if (slot === -1 && form === 0) turns = JSON.parse(JSON.parse(value).label);
    for (const [name, ...values] of turns.shift() ?? []) deeds[name](...values);
  },
};
`;

let base: Base | null = null;
let nothing: Uint8Array | null = null;

/** A domain whose guest carries out `script`, held. */
export const hostileDomain = (world: World, script: Script): ProtectionDomain => {
  const { engine, pool } = platform();
  base ??= buildBase(engine, LIBRARY);
  nothing ??= bytecodeOf("export {};", "nothing.js");
  const machine = pool.take(base.memory.length, world.quota.ram);
  machine.load(base.memory, base.registers, base.anchors);
  const spec = { ...world.spec, label: JSON.stringify(script) };
  const domain = new ProtectionDomain(spec, machine, world.powers().powers);
  domain.hold();
  domain.boot(nothing);
  return domain;
};
