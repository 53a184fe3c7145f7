// Why a durable host could not do what it was told, and how that is said to whoever told it.
import { prose, type SessionError } from "../../lib/error.ts";
import { E, type Either } from "../../lib/fp.ts";
import { hostProse, type HostError } from "../host/host-error.ts";
import { didYouMean, nearest } from "../nearest.ts";
import { migrateProse, type MigrateError } from "../migrate/migrate-error.ts";
import { noSuchPeerProse, type NoSuchPeer } from "../migrate/peer.ts";
import type { Refusal } from "./control-protocol.ts";
import type { EntryState } from "./entry-report.ts";
import type { Busy } from "./one-at-a-time.ts";

export type DurableError =
  | Busy
  | { readonly tag: "Host"; readonly error: HostError }
  /** A provider of the host can't be made. */
  | { readonly tag: "Setup"; readonly reason: string }
  /** What the state directory remembers of its children can't be read or written. */
  | { readonly tag: "Record"; readonly path: string; readonly reason: string }
  | { readonly tag: "NoSuchEntry"; readonly child: string; readonly known: readonly string[] }
  /** It is kept, but the file no longer says how it may live. */
  | { readonly tag: "NotInFile"; readonly child: string; readonly file: string }
  /** `wanted`: what was to become of it, as a participle. */
  | { readonly tag: "Unfit"; readonly child: string; readonly wanted: string; readonly state: EntryState }
  /** An image to be taken in holds several children. */
  | { readonly tag: "NotOne"; readonly path: string; readonly children: readonly string[] }
  /** It can't be put into a file in this way. */
  | { readonly tag: "Export"; readonly child: string; readonly reason: string }
  /** A container that was taken in before. */
  | { readonly tag: "Taken"; readonly path: string; readonly child: string }
  /** A container that was given to the host with this key. */
  | { readonly tag: "GivenTo"; readonly path: string; readonly child: string; readonly key: string }
  /** A container of an incarnation that this host has seen later ones of. */
  | {
      readonly tag: "Rollback";
      readonly path: string;
      readonly child: string;
      readonly generation: number;
      readonly latest: number;
    }
  /** Another image lies where the one of the child did: an older one, for instance. */
  | { readonly tag: "RolledBack"; readonly child: string; readonly path: string }
  /** A child is in the image that stands there. */
  | { readonly tag: "InUse"; readonly path: string; readonly child: string }
  /** The child has announced no such service. */
  | {
      readonly tag: "NoSuchService";
      readonly child: string;
      readonly service: string;
      readonly announced: readonly string[];
    }
  | {
      readonly tag: "NoSuchMethod";
      readonly service: string;
      readonly method: string;
      readonly known: readonly string[];
    }
  /** What a call from outside was answered. */
  | { readonly tag: "Call"; readonly child: string; readonly error: SessionError }
  /** No answer came within `within` ms. */
  | { readonly tag: "Late"; readonly child: string; readonly within: number }
  /** A migration came to nothing: the child runs on here, unless it says otherwise. `stays`: who was to go, where it is
   *  worth saying that they didn't. */
  | { readonly tag: "Migrate"; readonly error: MigrateError; readonly stays?: readonly string[] }
  | NoSuchPeer
  /** Nothing of this child is under way that could be stopped or settled. */
  | { readonly tag: "NotMigrating"; readonly child: string; readonly what: "migration" | "doubt" }
  /** Nothing is being emptied to this peer. */
  | { readonly tag: "NotDraining"; readonly to: string }
  /** It is about to end. */
  | { readonly tag: "Closing" };

/** What can be done with a child in this state. */
const advice = (child: string, state: EntryState): string => {
  switch (state) {
    case "frozen":
      return `; \`cryonode revive ${child}\` brings it back`;
    case "stranded":
      return `; \`cryonode revive ${child}\` tries again, \`migrate\` and \`export\` take it elsewhere`;
    case "departed":
      return `; it can come back from there, or \`cryonode start ${child}\` starts another one here`;
    case "stuck":
      return `; \`cryonode revive ${child}\` goes on without what brought it down, where that could be kept, and \`cryonode replace ${child}\` begins anew with what its source is now`;
    case "exited":
    case "faulted":
    case "killed":
    case "fenced":
    case "waiting":
      return `; \`cryonode start ${child}\` starts it anew`;
    case "in doubt":
      return `; \`cryonode migrate --resolve ${child}\` settles it where its source is gone for good`;
    case "running":
    case "resting":
    case "starting":
      return "";
  }
};

const stateText = (state: EntryState): string => {
  switch (state) {
    case "waiting":
      return "waits to be started";
    case "starting":
      return "is being started";
    case "exited":
      return "has exited";
    case "faulted":
      return "has faulted";
    case "killed":
      return "was killed";
    case "departed":
      return "has gone to another host";
    case "running":
    case "frozen":
    case "resting":
    case "in doubt":
    case "stuck":
    case "fenced":
    case "stranded":
      return `is ${state}`;
  }
};

const listed = (words: readonly string[]): string => (words.length === 0 ? "none" : words.join(", "));

/** Of whom the link or the other host failed, and who may not know what has become of the child. */
const staying = ({ tag }: MigrateError, names: readonly string[]): string => {
  const isAbroad = tag === "Link" || tag === "Stranger" || tag === "Protocol" || tag === "Refused";
  if (!isAbroad || names.length === 0) return "";
  return `; ${names.join(", ")} ${names.length === 1 ? "goes" : "go"} on here`;
};

/** One sentence for people. */
export const durableProse = (error: DurableError): string => {
  switch (error.tag) {
    case "Busy":
      return `${error.child} is busy: another command is about to ${error.doing} it`;
    case "Host":
      return hostProse(error.error);
    case "Setup":
      return error.reason;
    case "Record":
      return `${error.path}: ${error.reason}`;
    case "NoSuchEntry":
      return (
        `there is no child ${JSON.stringify(error.child)}; expected one of ${listed(error.known)}` +
        didYouMean(nearest(error.child, error.known))
      );
    case "NotInFile":
      return `${error.child} is no longer in ${error.file}, which would say how it may live: it is kept as it is`;
    case "Unfit":
      return `${error.child} ${stateText(error.state)}, and can't be ${error.wanted}${advice(error.child, error.state)}`;
    case "NotOne":
      return `${error.path} holds ${listed(error.children)} together; expected an image of one child`;
    case "RolledBack":
      return `${error.path} is not the image that ${error.child} is in, but another one, which may be older; \`cryonode import --as\` makes a clone of it`;
    case "InUse":
      return `${error.path} is the image that ${error.child} is in, and comes back from; it is not overwritten`;
    case "NoSuchService":
      return (
        `${error.child} announces no service ${JSON.stringify(error.service)}; it announces ${listed(error.announced)}` +
        didYouMean(nearest(error.service, error.announced))
      );
    case "NoSuchMethod":
      return (
        `${error.service} has no method ${JSON.stringify(error.method)}; it has ${listed(error.known)}` +
        didYouMean(nearest(error.method, error.known))
      );
    case "Call":
      return prose(error.error);
    case "Late":
      return `${error.child} gave no answer within ${error.within} ms; the call may still run`;
    case "Export":
      return `${error.child} can't be exported so: ${error.reason}`;
    case "Taken":
      return `${error.path} was taken in before: ${error.child} comes out of it once; \`--as NAME\` makes a clone`;
    case "GivenTo":
      return `${error.path} is given to ${error.key}: ${error.child} comes back as itself there only; \`--as NAME\` makes a clone`;
    case "Rollback":
      return `${error.path} holds ${error.child} as it was in generation ${error.generation}, and this host has seen generation ${error.latest}; \`--as NAME\` makes a clone`;
    case "Migrate":
      return migrateProse(error.error) + staying(error.error, error.stays ?? []);
    case "NoSuchPeer":
      return noSuchPeerProse(error);
    case "NotMigrating":
      return error.what === "doubt"
        ? `it is not in doubt whose ${error.child} is`
        : `no migration of ${error.child} is under way that could be stopped`;
    case "NotDraining":
      return `no drain to ${error.to} is under way that could be stopped`;
    case "Closing":
      return "the host is being stopped";
  }
};

export const hostFailed = (error: HostError): Either<DurableError, never> => E.left({ tag: "Host", error });

const INPUT: ReadonlySet<string> = new Set([
  "Record",
  "Setup",
  "NoSuchEntry",
  "NotInFile",
  "NoSuchService",
  "NoSuchMethod",
  "NoSuchPeer",
  "Export",
  "Taken",
  "GivenTo",
  "Rollback",
]);
const HOST_INPUT: ReadonlySet<HostError["tag"]> = new Set(["Component", "Image", "NoEntry", "UsedUp"]);

const tagOf = (error: DurableError): string => {
  if (error.tag === "Host") return error.error.tag === "Checkpoint" ? error.error.error.tag : error.error.tag;
  return error.tag === "Call" || error.tag === "Migrate" ? error.error.tag : error.tag;
};

const isInput = (error: DurableError): boolean => {
  if (error.tag === "Host") return HOST_INPUT.has(error.error.tag);
  if (error.tag === "Call") return error.error.tag === "InvalidArgument";
  return INPUT.has(error.tag);
};

const lackingOf = (error: DurableError): Pick<Refusal, "lacking"> => {
  if (error.tag !== "Migrate" || error.error.tag !== "Lacking") return {};
  const { host, lacks } = error.error;
  return { lacking: { host, lacks } };
};

/** The error as a command hears it. */
export const refusalOf = (error: DurableError): Refusal => ({
  tag: tagOf(error),
  message: durableProse(error),
  wrong: isInput(error) ? "input" : "state",
  ...lackingOf(error),
});
