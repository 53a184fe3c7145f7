// A linked list in a dataspace, its links being addresses. The dataspace is attached twice, once at an address
// of the component's choice; across a freeze, memory and addresses stay what they were.
import { component, Log } from "cryonode";

const ADDRESS = 0x2000_0000;
const NODE = 8;

/** A list in the memory at `address`; each node holds a value and the address of the one before. */
const list = (bytes: Uint8Array, address: number) => {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    push(value: number): void {
      const count = words.getUint32(0, true) + 1;
      const last = words.getUint32(4, true);
      words.setUint32(count * NODE, value, true);
      words.setUint32(count * NODE + 4, last, true);
      words.setUint32(0, count, true);
      words.setUint32(4, address + count * NODE, true);
    },
    *values(): Generator<number> {
      for (let at = words.getUint32(4, true); at !== 0; at = words.getUint32(at - address + 4, true))
        yield words.getUint32(at - address, true);
    },
  };
};

export default component(async (env) => {
  const log = await env.session(Log);
  const before = await env.pd.caps();
  const dataspace = await env.ram.alloc(8192);
  const chosen = await env.rm.attach(dataspace, { at: ADDRESS });
  const other = await env.rm.attach(dataspace);
  await log.write(`attached at ${chosen.address.toString(16)} and ${other.address.toString(16)}`);

  const written = list(chosen.bytes, ADDRESS);
  const seen = list(other.bytes, ADDRESS);
  for (const value of [2, 3, 5, 7]) written.push(value);
  await log.write(`frozen here? ${[...written.values()].join(" ")}`);
  written.push(11);
  await log.write(`written at ${chosen.address.toString(16)}: ${[...written.values()].join(" ")}`);
  await log.write(`seen at ${other.address.toString(16)}: ${[...seen.values()].join(" ")}`);

  await env.rm.detach(other);
  await log.write(`detached: ${other.bytes.length} bytes in view`);
  const used = await env.ram.used();
  await env.ram.free(dataspace);
  await log.write(`freed: ${used - (await env.ram.used())} bytes of quota, ${chosen.bytes.length} in view`);
  await log.write(`capabilities: ${(await env.pd.caps()).used - before.used} more in use than at first`);
  const asked = env.ram.alloc(1 << 30).then(() => "granted");
  await log.write(`a gibibyte: ${await asked.catch((error: Error) => error.name)}`);
});
