// The log outside for those who can't write files: a line for each request, answered when it is there.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { append } from "./work.js";

const [folder, port] = [process.argv[2], Number(process.argv[3])];

/** Whoever asks is ended before it hears the answer. */
const crash = () => process.kill(-Number(readFileSync(join(folder, "asking.pid"), "utf8")), "SIGKILL");

createServer((request, response) => {
  const asked = new URL(request.url, "http://log").searchParams;
  append(folder, asked.get("name"), asked.get("n"), crash);
  response.end("done");
}).listen(port, "127.0.0.1");
