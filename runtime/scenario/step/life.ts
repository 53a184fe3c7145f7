// The steps that begin, stop and end children: `start`, `freeze`, `checkpoint`, `revive`, `kill`.
import { E, type Either } from "../../../lib/fp.ts";
import type { HostError } from "../../host/host-error.ts";
import type { LiveHost } from "../../host/live-host.ts";
import { disk } from "../../image/disk.ts";
import { openImage } from "../../image/open-image.ts";
import { readImage } from "../../image/read-image.ts";
import type { Outcome, Play } from "../play.ts";
import { resolveImage } from "../schema-path.ts";
import type { Action } from "../schema-step.ts";

type StepOf<K extends Action["step"]> = Extract<Action, { readonly step: K }>;

const outcome = (result: Either<HostError, unknown>): Outcome =>
  E.isLeft(result) ? E.left({ tag: "Host", error: result.left }) : E.right(undefined);

export const start = async ({ child }: StepOf<"start">, play: Play): Promise<Outcome> =>
  outcome(await play.begin(child));

const imagePath = (image: string, { state, scenario }: Play): string =>
  resolveImage(image, state, scenario.directory);

const hostOf = (child: string, play: Play): LiveHost =>
  play.found(child)?.host ?? ([...play.hosts.values()][0] as LiveHost);

export const freeze = async (
  { step, child, image, within }: StepOf<"freeze" | "checkpoint">,
  play: Play,
): Promise<Outcome> => {
  const options = {
    image: imagePath(image, play),
    ...(within === undefined ? {} : { deadline: within }),
  };
  return outcome(await hostOf(child, play)[step]([child], options));
};

export const kill = async ({ child }: StepOf<"kill">, play: Play): Promise<Outcome> =>
  outcome(await hostOf(child, play).kill(child));

/** The name of the child in an image, as far as can be told; who signed it is judged at the revival. */
const nameIn = async (path: string): Promise<string | null> => {
  const bytes = await readImage(path, disk);
  const sealed = E.isLeft(bytes) ? bytes : openImage(bytes.right, "any");
  return E.isLeft(sealed) ? null : (sealed.right.manifest.children[0]?.name ?? null);
};

export const revive = async ({ image, on, as }: StepOf<"revive">, play: Play): Promise<Outcome> => {
  const path = imagePath(image, play);
  const name = as ?? (play.hosts.size === 1 ? null : await nameIn(path));
  const first = [...play.hosts.keys()][0]!;
  const host = play.hosts.get(on ?? (name === null ? first : (play.entry(name)?.on ?? first)))!;
  // A host knows of its own children only.
  if (name !== null && play.found(name)?.child.ending === null)
    return E.left({ tag: "Host", error: { tag: "AlreadyRunning", child: name } });
  return outcome(await host.revive(path, (child) => play.entry(child)?.config, as));
};
