// Counts the lines of a file, and the words in it that differ.
import { component, FileSystem, Log } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const table = await env.session(FileSystem, { label: "table" });
  const words = new Set<string>();
  let lines = 0;
  for await (const line of (await table.open("draws.txt")).lines()) {
    lines++;
    for (const word of line.split(" ")) words.add(word);
  }
  await log.write(`${lines} lines, ${words.size} different words`);
});
