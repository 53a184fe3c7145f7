// The steps that begin, stop and end children: `start`, `freeze`, `checkpoint`, `revive`, `kill`.
import { E, type Either } from "../../../lib/fp.ts";
import { revivedNames } from "../../host/clone-names.ts";
import { togetherFailed, type HostError } from "../../host/host-error.ts";
import type { LiveHost } from "../../host/live-host.ts";
import { disk } from "../../image/disk.ts";
import { openImage } from "../../image/open-image.ts";
import { readImage } from "../../image/read-image.ts";
import type { Outcome, Play } from "../play.ts";
import { resolveImage } from "../schema-path.ts";
import type { Action } from "../schema-step.ts";
import type { StepError } from "../step-error.ts";

type StepOf<K extends Action["step"]> = Extract<Action, { readonly step: K }>;

const outcome = (result: Either<HostError, unknown>): Outcome =>
  E.isLeft(result) ? E.left({ tag: "Host", error: result.left }) : E.right(undefined);

export const start = async ({ child }: StepOf<"start">, play: Play): Promise<Outcome> =>
  outcome(await play.begin(child));

const imagePath = (image: string, { state, scenario }: Play): string =>
  resolveImage(image, state, scenario.directory);

interface Placed {
  readonly child: string;
  readonly host: LiveHost;
}

/** The one host of all of them. */
const hostOf = (placed: readonly Placed[]): Either<StepError, LiveHost> => {
  const hosts = new Set(placed.map(({ host }) => host));
  const [host] = hosts;
  return hosts.size === 1
    ? E.right(host!)
    : E.left({
        tag: "Apart",
        children: placed.map((each) => ({ child: each.child, host: each.host.config.name })),
      });
};

const firstHost = (play: Play): LiveHost => [...play.hosts.values()][0]!;

const whereTheyAre = (children: readonly string[], play: Play): Either<StepError, LiveHost> =>
  hostOf(children.map((child) => ({ child, host: play.found(child)?.host ?? firstHost(play) })));

export const freeze = async (
  { step, children, image, within }: StepOf<"freeze" | "checkpoint">,
  play: Play,
): Promise<Outcome> => {
  const host = whereTheyAre(children, play);
  if (E.isLeft(host)) return host;
  const options = {
    image: imagePath(image, play),
    ...(within === undefined ? {} : { deadline: within }),
  };
  return outcome(await host.right[step](children, options));
};

export const kill = async ({ child }: StepOf<"kill">, play: Play): Promise<Outcome> => {
  const host = whereTheyAre([child], play);
  return E.isLeft(host) ? host : outcome(await host.right.kill(child));
};

/** The names of the children in an image, as far as can be told; who signed it is judged at the revival. */
const namesIn = async (path: string): Promise<readonly string[]> => {
  const bytes = await readImage(path, disk);
  const sealed = E.isLeft(bytes) ? bytes : openImage(bytes.right, "any");
  return E.isLeft(sealed) ? [] : sealed.right.manifest.children.map(({ name }) => name);
};

export const revive = async ({ image, on, as }: StepOf<"revive">, play: Play): Promise<Outcome> => {
  const path = imagePath(image, play);
  // One host knows its own children; with several, who is in the image tells where it is to come back.
  const known = as === undefined && play.hosts.size === 1 ? [] : await namesIn(path);
  const named = known.length === 0 ? E.right([]) : revivedNames(path, known, as);
  if (E.isLeft(named)) return outcome(named);
  const names = named.right;
  const host =
    on !== undefined
      ? E.right(play.hosts.get(on)!)
      : names.length === 0
        ? E.right(firstHost(play))
        : hostOf(names.map((child) => ({ child, host: hostOfEntry(child, play) })));
  if (E.isLeft(host)) return host;
  // A host knows of its own children only.
  const running = names.filter((name) => play.found(name)?.child.ending === null);
  if (running.length > 0)
    return outcome(
      togetherFailed(
        names.length,
        running.map((child) => ({ child, error: { tag: "AlreadyRunning", child } })),
      ),
    );
  const order = { entry: (child: string) => play.entry(child)?.config, ...(as === undefined ? {} : { as }) };
  return outcome(await host.right.revive(path, order));
};

const hostOfEntry = (child: string, play: Play): LiveHost =>
  play.hosts.get(play.entry(child)?.on ?? "") ?? firstHost(play);
