// Draws from chance after a place where it may be frozen and cloned. Chance is never part of an image.
import { component, FileSystem, Log } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const table = await env.session(FileSystem, { label: "table" });
  await log.write("shaking");
  const paper = await table.open("draws.txt", { write: true, create: true, append: true });
  await paper.write(`${Math.random()} ${crypto.randomUUID()}\n`);
});
