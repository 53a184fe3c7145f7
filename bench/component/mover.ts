// Reads or writes a file from its beginning to its end, `bytes` a call, again and again: the calls and nothing else.
import { component, FileSystem } from "cryonode";

export default component(async (env) => {
  const { bytes, calls, writes } = await env.config<{ bytes: number; calls: number; writes: boolean }>();
  const files = await env.session(FileSystem, { label: "data" });
  const file = await files.open("file", writes ? { write: true } : {});
  const payload = new Uint8Array(bytes).fill(65);
  for (;;) {
    if (writes) for (let i = 0; i < calls; i++) await file.write(payload);
    else for (let i = 0; i < calls; i++) await file.read(bytes);
    await file.seek(0);
  }
});
