// The commands' end of the control socket: sends a request and hears what comes of it. It loads nothing of what a host
// is made of, so that a command is done when the host is.
import { connect } from "node:net";
import { E, type Either } from "../../lib/fp.ts";
import { frame, frameValue, readFrames } from "./frames.ts";
import {
  Answer,
  MOST_ANSWER_BYTES,
  refusal,
  VERSION,
  type CommandName,
  type Refusal,
  type RequestOf,
} from "./control-protocol.ts";
import { CONTROL_SOCKET, HeldFolder } from "./state-folder.ts";

/** What a command asks for. */
export type Asked = {
  [K in CommandName]: Omit<RequestOf<K>, "cryonode">;
}[CommandName];

export interface AskOptions {
  /** Told of what happens while it waits. */
  readonly told?: (event: unknown) => void;
  /** How long an answer may take, in ms. Default: as long as it takes. */
  readonly within?: number;
  /** Ends the waiting; the host goes on. */
  readonly signal?: AbortSignal;
}

const lost = (reason: string): Either<Refusal, never> => E.left(refusal("Lost", reason, "state"));

/** Asks whoever listens at a path. Null: nobody does, by this code of the operating system. */
const askAt = (
  path: string,
  asked: Asked,
  { told = () => {}, within, signal }: AskOptions = {},
): Promise<Either<Refusal, unknown> | { readonly unreachable: string }> =>
  new Promise((resolve) => {
    const socket = connect({ path });
    let connected = false;
    const late = within === undefined ? undefined : setTimeout(() => settle(lost("no answer came")), within);
    const abort = (): void => settle(lost("interrupted"));
    const settle = (answer: Either<Refusal, unknown> | { readonly unreachable: string }): void => {
      clearTimeout(late);
      signal?.removeEventListener("abort", abort);
      socket.destroy();
      resolve(answer);
    };
    signal?.addEventListener("abort", abort);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const code = error.code ?? "EIO";
      settle(connected ? lost(`the host has gone (${code})`) : { unreachable: code });
    });
    readFrames(socket, MOST_ANSWER_BYTES, {
      line: (line) => {
        const answer = Answer.decode(frameValue(line));
        if (E.isLeft(answer)) return settle(lost("what came is no answer of a host"));
        if ("told" in answer.right) return told(answer.right.told);
        settle("done" in answer.right ? E.right(answer.right.done) : E.left(answer.right.refused));
      },
      tooLong: () => settle(lost(`the answer has more than ${MOST_ANSWER_BYTES} bytes`)),
      ended: () => settle(lost("the host ended before it had answered")),
    });
    socket.on("connect", () => {
      connected = true;
      socket.end(frame({ cryonode: VERSION, ...asked }));
    });
  });

/** Asks the host of a state directory. */
export const ask = async (
  state: string,
  asked: Asked,
  options: AskOptions = {},
): Promise<Either<Refusal, unknown>> => {
  const nobody = (reason: string): Either<Refusal, never> =>
    E.left(refusal("NoHost", `no host is running at ${state}${reason}`, "input"));
  let folder: HeldFolder;
  try {
    folder = new HeldFolder(state);
  } catch (error) {
    const { code = "EIO" } = error as NodeJS.ErrnoException;
    return nobody(code === "ENOENT" ? ", there is no such directory" : ` (${code})`);
  }
  try {
    const answer = await askAt(folder.at(CONTROL_SOCKET), asked, options);
    if (!("unreachable" in answer)) return answer;
    if (answer.unreachable === "EACCES")
      return E.left(refusal("NotOwner", `the host at ${state} belongs to another user`, "input"));
    return nobody("");
  } finally {
    folder.close();
  }
};

/** How long a host may take to say who it is, in ms. */
const HELLO_MS = 5000;

const pidOf = (hello: unknown): number | null => {
  const { pid } = (hello ?? {}) as { pid?: unknown };
  return typeof pid === "number" ? pid : null;
};

/** The process number of whoever listens at a path; null where it does not answer in time. */
export const pidAt = async (path: string): Promise<number | null> => {
  const answer = await askAt(path, { command: "hello" }, { within: HELLO_MS });
  return "unreachable" in answer || E.isLeft(answer) ? null : pidOf(answer.right);
};

/** The process number of the host of a state directory; null where there is none, or it does not answer in time. */
export const hostPid = async (state: string): Promise<number | null> => {
  const answer = await ask(state, { command: "hello" }, { within: HELLO_MS });
  return E.isLeft(answer) ? null : pidOf(answer.right);
};
