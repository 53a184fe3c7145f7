// The dialogue scenario, with a server that is not ours at the other end of a real connection.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { complaints, logOf, repository, run, type Ran } from "./cryonode.ts";

/** Says each line back, `answers` times in one packet, and remembers what it heard, by connection. */
class Echo {
  readonly heard: string[][] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(answers: number) {
    this.#server = createServer((socket) => {
      const lines: string[] = [];
      this.heard.push(lines);
      this.#sockets.add(socket);
      socket.on("error", () => {});
      createInterface({ input: socket }).on("line", (line) => {
        lines.push(line);
        socket.write(`${line}\n`.repeat(answers));
      });
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

describe("the dialogue scenario", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "cryonode-dialogue-"));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** The scenario at a port of ours; the folder of components is named in full. */
  const talk = async (port: number, answers: number): Promise<Ran> => {
    const text = await readFile(join(repository, "scenarios", "dialogue.yaml"), "utf8");
    const file = join(folder, "dialogue.yaml");
    await writeFile(
      file,
      text
        .replace("127.0.0.1:7007", `127.0.0.1:${port}`)
        .replace("answers: 1", `answers: ${answers}`)
        .replace(/ {2}- expect: .*\n$/, (verdict) => (answers === 1 ? verdict : ""))
        .replace("../components/", join(repository, "components/")),
    );
    return run(file);
  };

  const converse = async (answers: number): Promise<{ ran: Ran; heard: readonly (readonly string[])[] }> => {
    const echo = new Echo(answers);
    try {
      return { ran: await talk(await echo.listen(), answers), heard: echo.heard };
    } finally {
      echo.close();
    }
  };

  it("loses and repeats nothing: the server hears the rest on a second connection", async () => {
    const { ran, heard } = await converse(1);
    expect(complaints(ran)).to.deep.equal([]);
    expect(heard).to.deep.equal([
      ["one", "two"],
      ["three", "four"],
    ]);
  });

  it("carries answers that were not yet read across the freeze", async () => {
    const { ran, heard } = await converse(3);
    expect(complaints(ran)).to.deep.equal([]);
    expect(heard).to.deep.equal([
      ["one", "two"],
      ["three", "four"],
    ]);
    const said = ["one", "two", "three", "four"];
    expect(logOf(ran, "dialogue")).to.deep.equal(
      said.flatMap((word) => [1, 2, 3].map((n) => `${word} ${n}: ${word}`)),
    );
  });

  it("fault 30: without a server the component hears so, in bounded time", async () => {
    const echo = new Echo(1);
    const port = await echo.listen();
    echo.close();
    const ran = await talk(port, 1);
    expect(ran.status).to.equal(1);
    expect(logOf(ran, "dialogue").join("\n")).to.match(/Disconnected|disconnected/);
  });
});
