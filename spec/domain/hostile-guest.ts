// A guest library that does what no component can: it writes into the outbox whatever it is told. Each turn of its
// script is run at one delivery.
import { buildBase, type Base } from "../../runtime/engine/base.ts";
import { SIGNAL_BOOT } from "../../lib/guest/abi.ts";
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

/** What every hostile library can do: its deeds, and \`turns\`, which the script brings. */
export const DEEDS = `
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
`;

const LIBRARY = `${DEEDS}
globalThis.__cryonode = {
  start() {},
  deliver(slot, form, value) {
    if (slot === -1 && form === ${SIGNAL_BOOT}) turns = JSON.parse(JSON.parse(value).label);
    for (const [name, ...values] of turns.shift() ?? []) deeds[name](...values);
  },
};
`;

const bases = new Map<string, Base>();
let nothing: Uint8Array | null = null;

/** A domain whose guest has this library and carries out `script`, held. */
export const domainOf = (library: string, world: World, script: unknown): ProtectionDomain => {
  const { engine, pool } = platform();
  const base = bases.get(library) ?? buildBase(engine, library);
  bases.set(library, base);
  nothing ??= bytecodeOf("export {};", "nothing.js");
  const machine = pool.take(base.memory.length, world.quota.ram);
  machine.load(base.memory, base.registers, base.anchors);
  const spec = { ...world.spec, label: JSON.stringify(script) };
  const domain = new ProtectionDomain(spec, machine, world.powers().powers);
  domain.hold();
  domain.boot(nothing);
  return domain;
};

export const hostileDomain = (world: World, script: Script): ProtectionDomain =>
  domainOf(LIBRARY, world, script);
