// The steps that act on the outside world: `send`, `rom`, `write`, `remove`.
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { LiveHost } from "../../host/live-host.ts";
import { outsideFiles } from "../../host/providers.ts";
import type { FileProvider } from "../../provider/file/file-provider.ts";
import type { Outcome, Play } from "../play.ts";
import type { Action } from "../schema-step.ts";
import type { StepError } from "../step-error.ts";

type StepOf<K extends Action["step"]> = Extract<Action, { readonly step: K }>;

/** How long a message waits for room in its gate, in ms. */
const SEND_WITHIN = 10_000;

const outcome = (result: Either<SessionError, unknown>): Outcome =>
  E.isLeft(result) ? E.left({ tag: "Session", error: result.left }) : E.right(undefined);

const host = (name: string, play: Play): LiveHost => play.hosts.get(name)!;

export const send = async ({ on, gate, text }: StepOf<"send">, play: Play): Promise<Outcome> => {
  const answer = host(on, play).providers.gates.get(gate)!.provider.inject(text);
  if (!(answer instanceof Promise)) return outcome(answer);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<StepError>((resolve) => {
    timer = setTimeout(() => resolve({ tag: "Full", gate, within: SEND_WITHIN }), SEND_WITHIN);
    play.signal.addEventListener("abort", () => resolve({ tag: "Interrupted" }), { once: true });
  });
  const sent = await Promise.race([answer.then(outcome), late.then((error): Outcome => E.left(error))]);
  clearTimeout(timer);
  return sent;
};

export const rom = async ({ on, name, content }: StepOf<"rom">, play: Play): Promise<Outcome> => {
  const source = host(on, play).providers.roms.source(name);
  source.replace(content.kind === "text" ? content.text : JSON.stringify(content.json));
  return E.right(undefined);
};

/** Lends a file provider with all rights. */
export const withFiles = <A>(
  { providers }: LiveHost,
  name: string,
  use: (files: FileProvider) => Either<SessionError, A>,
): Either<SessionError, A> => {
  const files = outsideFiles(providers, name);
  if (files === null) return E.left({ tag: "Closed", what: `file provider ${name}` });
  try {
    return use(files);
  } finally {
    // What the host's thread serves is the children's too.
    if (!providers.files.has(name)) files.close();
  }
};

const withParents = (files: FileProvider, path: string): Either<SessionError, void> => {
  const segments = path.split("/").slice(0, -1);
  for (let depth = 1; depth <= segments.length; depth++) {
    const made = files.mkdir(segments.slice(0, depth).join("/"));
    if (E.isLeft(made) && made.left.tag !== "AlreadyExists") return made;
  }
  return E.right(undefined);
};

const replaced = (files: FileProvider, path: string, text: string): Either<SessionError, void> => {
  const parents = withParents(files, path);
  if (E.isLeft(parents)) return parents;
  const mode = { read: false, write: true, create: true, append: false, truncate: true };
  const opened = files.open(path, mode);
  if (E.isLeft(opened)) return opened;
  const written = opened.right.write(Buffer.from(text), 0);
  opened.right.close();
  return E.isLeft(written) ? written : E.right(undefined);
};

export const write = async ({ on, file, text }: StepOf<"write">, play: Play): Promise<Outcome> =>
  outcome(withFiles(host(on, play), file.provider, (files) => replaced(files, file.path, text)));

export const remove = async ({ on, file }: StepOf<"remove">, play: Play): Promise<Outcome> => {
  const removed = withFiles(host(on, play), file.provider, (files) => files.unlink(file.path));
  return E.isLeft(removed) && removed.left.tag === "NotFound" ? E.right(undefined) : outcome(removed);
};
