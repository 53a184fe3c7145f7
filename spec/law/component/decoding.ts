// A TextDecoder in the middle of characters, and a parser that keeps its state in a class.
import { component, FileSystem, Log } from "cryonode";

class Csv {
  #rest = "";
  #header: string[] | null = null;
  readonly sums = new Map<string, number>();
  feed(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const cells = line.split(";");
      if (this.#header === null) this.#header = cells;
      else
        for (const [i, name] of this.#header.entries())
          this.sums.set(name, (this.sums.get(name) ?? 0) + Number(cells[i]));
    }
  }
}

export default component(async (env) => {
  const log = await env.session(Log);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("table.csv");
  const decoder = new TextDecoder("utf-8", { fatal: false });
  const csv = new Csv();
  for (;;) {
    const block = await file.read(5);
    csv.feed(decoder.decode(block, { stream: block.length > 0 }));
    if (block.length === 0) break;
  }
  for (const [name, sum] of csv.sums) await log.write(`${name} ${sum}`);
});
