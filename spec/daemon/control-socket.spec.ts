// The control socket between a command and a host: what is no request changes nothing, and nobody holds the host up.
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { ask, type Asked } from "../../runtime/daemon/control-client.ts";
import {
  MOST_REQUEST_BYTES,
  readRequest,
  refusal,
  type Request,
} from "../../runtime/daemon/control-protocol.ts";
import { ControlServer, type Serve } from "../../runtime/daemon/control-server.ts";
import { frameValue } from "../../runtime/daemon/frames.ts";
import { takeLock } from "../../runtime/daemon/state-lock.ts";

interface Desk {
  readonly state: string;
  readonly served: readonly Request[];
  readonly control: ControlServer;
  /** Connects, says something, and hears what comes until the other side ends. */
  readonly say: (...said: readonly (string | Buffer)[]) => Promise<string>;
  readonly open: () => Socket;
}

const onDesk =
  (play: (desk: Desk) => Promise<void>, serve: Serve = () => Promise.resolve(E.right("served"))) =>
  async (): Promise<void> => {
    const state = await mkdtemp(join(tmpdir(), "cryonode-control-"));
    const served: Request[] = [];
    const control = new ControlServer((request, tell, gone) => {
      served.push(request);
      return serve(request, tell, gone);
    });
    const lock = await takeLock({
      state,
      connection: control.connection,
      pidOf: () => Promise.resolve(null),
    });
    if (E.isLeft(lock)) throw new Error("nobody else is there");
    const open = (): Socket => connect({ path: join(state, "control.sock") });
    try {
      await play({
        state,
        served,
        control,
        open,
        say: (...said) =>
          new Promise((resolve) => {
            const socket = open();
            let heard = "";
            socket.setEncoding("utf8").on("data", (text: string) => {
              heard += text;
            });
            // Who says too much is cut off in the middle of it.
            socket.on("error", () => {});
            socket.on("close", () => resolve(heard));
            for (const each of said) socket.write(each);
            socket.end();
          }),
      });
    } finally {
      await control.close();
      await lock.right.release();
      await rm(state, { recursive: true });
    }
  };

const STOP = '{"cryonode":1,"command":"stop"}\n';

describe("daemon: the control socket", () => {
  it(
    "carries requests, what is told meanwhile, and answers",
    onDesk(
      async ({ state, served }) => {
        const told: unknown[] = [];
        const asked: Asked = { command: "freeze", name: "käse", image: null };
        const answer = await ask(state, asked, { told: (event) => told.push(event) });
        expect(answer).to.deep.equal(E.right({ bytes: 12 }));
        expect(told).to.deep.equal([1, "two\nlines"]);
        expect(served).to.deep.equal([{ cryonode: 1, ...asked }]);
        expect(await ask(state, { command: "stop" })).to.deep.equal(
          E.left(refusal("Busy", "not now", "state")),
        );
      },
      async (request, tell) => {
        if (request.command === "stop") return E.left(refusal("Busy", "not now", "state"));
        tell(1);
        tell("two\nlines");
        return E.right({ bytes: 12 });
      },
    ),
  );

  it(
    "hears a request in pieces, and one of a connection",
    onDesk(async ({ say, served }) => {
      expect(await say(STOP.slice(0, 5), STOP.slice(5), STOP, STOP)).to.equal('{"done":"served"}\n');
      expect(served).to.have.lengthOf(1);
      expect(await say(STOP.trimEnd())).to.equal("");
      expect(served).to.have.lengthOf(1);
    }),
  );

  it(
    "refuses what is no request: nothing is served",
    onDesk(async ({ say, served }) => {
      const any = fc.oneof(
        fc.json(),
        fc.string(),
        fc
          .constantFrom("ps", "kill", "stop")
          .map((command) => JSON.stringify({ cryonode: 1, command, extra: 1 })),
      );
      await fc.assert(
        fc.asyncProperty(any, async (text) => {
          const line = text.replaceAll("\n", " ");
          const answer = JSON.parse(await say(`${line}\n`)) as { refused?: { wrong: string } };
          expect(answer.refused?.wrong).to.equal("input");
        }),
        { numRuns: 200 },
      );
      expect(served).to.deep.equal([]);
    }),
  );

  it(
    "bounds a request, and does not wait for the rest of it",
    onDesk(async ({ say, served }) => {
      const said = await say(Buffer.alloc(MOST_REQUEST_BYTES + 2, "x"));
      // It may be cut off before it has read why.
      expect(said === "" || said.includes(`at most ${MOST_REQUEST_BYTES} bytes`)).to.equal(true);
      expect(served).to.deep.equal([]);
      const name = "x".repeat(MOST_REQUEST_BYTES - 100);
      expect(await say(`{"cryonode":1,"command":"kill","name":"${name}"}\n`)).to.equal('{"done":"served"}\n');
    }),
  );

  it(
    "serves others while some say nothing, and ends in spite of them",
    onDesk(
      async ({ open, state, control, served }) => {
        const silent = Array.from({ length: 50 }, open);
        for (const socket of silent) socket.on("error", () => {});
        await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
        silent[0]!.write('{"cryonode":');
        expect(await ask(state, { command: "ps" })).to.deep.equal(E.right("served"));
        const never = ask(state, { command: "stop" });
        while (!served.some(({ command }) => command === "stop"))
          await new Promise((resolve) => setImmediate(resolve));
        const ends = silent.map((socket) => new Promise((resolve) => socket.resume().once("close", resolve)));
        await control.close();
        await Promise.all(ends);
        expect(await never).to.have.nested.property("left.tag", "Lost");
        expect(await ask(state, { command: "ps" })).to.have.nested.property("left.tag");
      },
      ({ command }) => (command === "stop" ? new Promise(() => {}) : Promise.resolve(E.right("served"))),
    ),
  );

  it(
    "a bug in a command is told to who met it, and the host goes on",
    onDesk(
      async ({ state }) => {
        const answer = await ask(state, { command: "stop" });
        expect(answer).to.have.nested.property("left.wrong", "fault");
        expect(await ask(state, { command: "ps" })).to.deep.equal(E.right("served"));
      },
      ({ command }) =>
        command === "stop" ? Promise.reject(new Error("a bug")) : Promise.resolve(E.right("served")),
    ),
  );

  it("an answer that is none, and a host that ends in the middle, are told", async () => {
    const state = await mkdtemp(join(tmpdir(), "cryonode-control-"));
    const says = ["nonsense\n", '{"done":1,"refused":2}\n', '{"tol', ""];
    const lock = await takeLock({
      state,
      connection: (socket) => socket.on("error", () => {}).end(says.shift() ?? ""),
      pidOf: () => Promise.resolve(null),
    });
    if (E.isLeft(lock)) throw new Error("nobody else is there");
    for (let i = 0; i < 4; i++)
      expect(await ask(state, { command: "ps" })).to.have.nested.property("left.tag", "Lost");
    await lock.right.release();
    expect(await ask(state, { command: "ps" })).to.have.nested.property("left.tag", "NoHost");
    await rm(state, { recursive: true });
  });

  it("names what is wrong with a request, and the nearest command", () => {
    const said = (value: unknown): string => {
      const read = readRequest(value);
      return E.isLeft(read) ? read.left.message : "";
    };
    expect(said({ cryonode: 1, command: "frieze", name: "a", image: null })).to.contain(
      'did you mean "freeze"?',
    );
    expect(said({ cryonode: 1, command: "freeze", name: "a" })).to.contain("freeze: image is missing");
    expect(said({ cryonode: 3, command: "ps" })).to.contain("speaks version 1");
    expect(said([])).to.contain("expected an object");
  });

  it("nothing that is nested too deeply is a value, and depth in a text is none", () => {
    expect(frameValue("[".repeat(1000) + "]".repeat(1000))).to.equal(undefined);
    expect(frameValue(JSON.stringify("[".repeat(1000)))).to.equal("[".repeat(1000));
    expect(frameValue(JSON.stringify({ '"\\[': '\\"[' }))).to.deep.equal({ '"\\[': '\\"[' });
    expect(frameValue("{")).to.equal(undefined);
  });
});
