// One of two who write to each other over a pair of gates, each a few letters ahead of what it has read; what it reads it
// keeps in a file.
import { component, FileSystem, Gate, Log } from "cryonode";
import { going } from "./going.ts";

export default component(async (env) => {
  const { name } = (await env.config()) as { name: string };
  const log = await env.session(Log);
  const data = await env.session(FileSystem, { label: "data" });
  const goes = going(await env.session(FileSystem, { label: "control" }), 10);
  const file = await data.open(`${name}.txt`, { write: true, create: true, append: true });
  const gate = await env.session(Gate, { label: "post" });
  let read = 0;
  let over = false;
  let goOn = (): void => {};
  const receive = async (): Promise<void> => {
    while (!over) {
      const letter = String(await gate.receive());
      if (letter === "over") over = true;
      else {
        await file.write(`${letter}\n`);
        read += 1;
      }
      goOn();
    }
  };
  const receiving = receive();
  const isAhead = (sent: number): boolean => sent > read + 5 && !over;
  let n = 0;
  while (await goes(n)) {
    n += 1;
    await gate.send(`${name} ${n}`);
    while (isAhead(n)) await new Promise<void>((resolve) => (goOn = resolve));
  }
  await gate.send("over");
  await receiving;
  await log.write(`done ${n}`);
});
