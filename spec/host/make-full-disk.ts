// A host whose disk is full, in a process of its own: `make-full-disk.js HOW FOLDER`. HOW says what makes it so:
// `small`, FOLDER lies on a small file system; `limit`, this process may write no file beyond a size. It exits with 0
// where all was as it should be.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ALL, onStage } from "./stage.ts";

const [how = "limit", folder = "."] = process.argv.slice(2);
const data = join(folder, "data");
const filler = join(folder, "filler");
const LIMIT = 64 << 10;

// Without somebody to hear it, this signal would end the process, not the write.
process.on("SIGXFSZ", () => {});

const limit = (bytes: number | "unlimited"): void => {
  execFileSync("prlimit", [`--pid=${process.pid}`, `--fsize=${bytes}:unlimited`]);
};

const fill = (): void => {
  if (how === "limit") return limit(LIMIT);
  for (let size = 1 << 16; size >= 1;)
    try {
      writeFileSync(filler, "x".repeat(size), { flag: "a" });
    } catch {
      size >>= 1;
    }
};

const free = (): void => {
  if (how === "limit") limit("unlimited");
  else rmSync(filler, { force: true });
};

const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "nothing was refused",
    (error: Error) => error.message,
  );

const options = { files: { data: { directory: data } }, gates: { line: { queue: true as const } } };

const BLOCK = 3000;

const writer = onStage(async ({ host, start, log }) => {
  const child = await start(
    "writer",
    `const log = await env.session(Log);
     const gate = await env.session(Gate, { label: "line" });
     const files = await env.session(FileSystem, { label: "data" });
     const file = await files.open("log.txt", { append: true, create: true });
     const write = async () => {
       try { await file.write("y".repeat(${BLOCK})); } catch (error) { return (error as Error).message; }
     };
     let whole = 0;
     for (;;) {
       const failed = await write();
       if (failed === undefined) { whole++; if (whole < 1000) continue; }
       await log.write(whole + " " + failed);
       await gate.receive();
     }`,
    { caps: 1000 },
  );
  fill();
  await child.until({ log: /no space left for log.txt/ });
  const [first = ""] = log("writer");
  const whole = Number.parseInt(first, 10);
  const written = (): number => readFileSync(join(data, "log.txt")).length;
  const torn = written() - whole * BLOCK;
  expect(torn, "a part of the last write").within(0, BLOCK - 1);
  // The image lies elsewhere, and small enough. A full disk is no reason not to come back.
  await child.freeze("writer.cryo");
  const revived = await host.revive("writer.cryo");
  await host.gate("line").send("again");
  await revived.until({ log: `${whole} no space left for log.txt` });
  expect(log("writer")).to.have.length(2);
  free();
  await host.gate("line").send("again");
  await revived.until({ log: /undefined/ });
  expect(written()).equal(1000 * BLOCK + torn);
}, options);

const CONTENT = "one two three ".repeat(10_000);

const restorer = onStage(async ({ host, start, log }) => {
  const book = join(data, "book.txt");
  for (const found of [null, "something else"]) {
    writeFileSync(book, CONTENT);
    const child = await start(
      "reader",
      `const log = await env.session(Log);
         const gate = await env.session(Gate, { label: "line" });
         const files = await env.session(FileSystem, { label: "data" });
         const book = await files.open("book.txt");
         await log.write("ready");
         await gate.receive();
         await log.write("read " + (await book.readText()).length);`,
      { routes: [{ service: "File_system", policy: "restore" }, ...ALL] },
    );
    await child.until({ log: "ready" });
    await child.freeze("reader.cryo");
    rmSync(book);
    if (found !== null) writeFileSync(book, found);
    fill();
    expect(await refusal(host.revive("reader.cryo"))).contain("no space left for book.txt");
    expect(existsSync(book) ? readFileSync(book, "utf8") : null, "as it was found").equal(found);
    free();
    const revived = await host.revive("reader.cryo");
    await host.gate("line").send("go on");
    await revived.ended;
    expect(log("reader").at(-1)).equal(`read ${CONTENT.length}`);
    expect(readFileSync(book, "utf8")).equal(CONTENT);
  }
}, options);

try {
  await writer();
  rmSync(data, { recursive: true });
  await restorer();
} catch (error) {
  process.stderr.write(`${String(error instanceof Error ? error.stack : error)}\n`);
  process.exitCode = 1;
}
