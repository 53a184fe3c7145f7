// Dataspaces: at an address, attached twice, written through one region and read through the other, detached,
// freed, one attached nowhere, and one above a megabyte that only publish() brings up to date.
import { component, Log, Timer } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const space = await env.ram.alloc(5000);
  const a = await env.rm.attach(space, { at: 0x2000_0000 });
  a.bytes.set([1, 2, 3], 4990);
  const b = await env.rm.attach(space);
  await log.write(`${a.address} ${b.address} ${b.bytes.subarray(4988, 4994).join()}`);
  for (let i = 0; i < 3; i++) {
    a.bytes[i] = 10 + i;
    b.bytes[100 + i] = 20 + i;
    await timer.sleep(1);
    await log.write(`${b.bytes.slice(0, 4).join()} ${a.bytes.slice(100, 104).join()}`);
  }
  await env.rm.detach(a);
  await log.write(`${a.bytes.length} ${b.bytes.length}`);
  b.bytes[0] = 99;
  const again = await env.rm.attach(space, { at: 0x2000_0000 });
  await log.write(`${again.bytes[0]} ${again.bytes[102]}`);

  const quiet = await env.ram.alloc(3000);
  const once = await env.rm.attach(quiet);
  once.bytes.fill(7);
  await env.rm.detach(once);
  await timer.sleep(1);
  const twice = await env.rm.attach(quiet);
  await log.write(`${twice.bytes[2999]} ${await quiet.size()}`);

  const large = await env.ram.alloc(1_100_000);
  const left = await env.rm.attach(large);
  const right = await env.rm.attach(large);
  left.bytes[1_000_000] = 5;
  right.bytes[0] = 6;
  await timer.sleep(1);
  await log.write(`unpublished ${right.bytes[1_000_000]} ${left.bytes[0]}`);
  await left.publish();
  await timer.sleep(1);
  await log.write(`published ${right.bytes[1_000_000]} ${left.bytes[0]}`);
  left.bytes[1] = 8;
  await env.ram.free(large);
  await log.write(`${left.bytes.length} ${(await env.ram.used()) > 0}`);
  await env.rm.attach(large).catch((error: unknown) => log.write(String(error)));
  await env.rm.attach(space, { at: 0x2000_0000 }).catch((error: unknown) => log.write(String(error)));
});
