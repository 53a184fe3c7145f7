// Copies a text to its host's gate, line by line, and says on its log where it finds itself.
import { component, FileSystem, Gate, Log } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const library = await env.session(FileSystem, { label: "library" });
  const out = await env.session(Gate, { label: "out" });
  const stop = env.revived(({ host, generation, reopened }) => {
    const handles = reopened.flatMap(({ kind, name, position }) =>
      position === null ? [] : [`${kind} ${name} at ${position}`],
    );
    void log.write(`generation ${generation} on ${host}: ${handles.join(", ")}`);
  });
  const book = await library.open("poem.txt");
  let n = 0;
  // Blocks this small end amid words, and amid characters of more than one byte.
  for await (const line of book.lines(10)) {
    await out.send(line);
    await log.write(`copied line ${++n}`);
  }
  stop();
});
