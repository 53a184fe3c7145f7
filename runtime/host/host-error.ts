// Why a host could not do what it was told. Nothing has changed then.
import { E, type Either } from "../../lib/fp.ts";
import { checkpointProse, type CheckpointError, type Missing } from "../checkpoint/checkpoint-error.ts";
import { renderDiagnostic, type Diagnostic } from "../diagnostic.ts";
import { storeProse, type StoreError } from "../durable/store/store-error.ts";
import { imageProse, type ImageError } from "../image/image-error.ts";

export type HostError =
  | { readonly tag: "Checkpoint"; readonly error: CheckpointError }
  | { readonly tag: "Image"; readonly path: string; readonly error: ImageError }
  /** The component does not compile. */
  | { readonly tag: "Component"; readonly diagnostics: readonly Diagnostic[] }
  /** The component ended before it could begin. */
  | { readonly tag: "Boot"; readonly child: string; readonly reason: string }
  | { readonly tag: "NoSuchChild"; readonly child: string }
  | { readonly tag: "AlreadyRunning"; readonly child: string }
  /** The image's child, or all of its children, came back from it before; `as` makes clones. */
  | { readonly tag: "UsedUp"; readonly image: string; readonly child: string }
  /** An image of several children, where one is expected. */
  | { readonly tag: "Several"; readonly image: string; readonly children: readonly string[] }
  /** The clones of an image's children: each needs a name. `unnamed` have none, `unknown` are not in the image. */
  | {
      readonly tag: "CloneNames";
      readonly image: string;
      readonly unnamed: readonly string[];
      readonly unknown: readonly string[];
    }
  /** No start entry tells under which routes and quota to revive it: all that its image claims is `denied`. */
  | { readonly tag: "NoEntry"; readonly child: string; readonly denied: readonly Missing[] }
  | {
      readonly tag: "HostQuota";
      readonly host: string;
      readonly resource: "ram" | "caps";
      readonly wanted: number;
      readonly available: number;
    }
  /** What is kept of a child can't be written or read. */
  | { readonly tag: "Store"; readonly child: string; readonly error: StoreError }
  | { readonly tag: "Unkept"; readonly child: string; readonly reason: string }
  /** A recovered child did other than what was written down of it. */
  | { readonly tag: "Astray"; readonly child: string; readonly reason: string }
  /** Several were to be frozen or revived together, and so none was. Whose failures these are, all of them. */
  | { readonly tag: "Together"; readonly failures: readonly Failure[] };

/** Of one of several children. */
export interface Failure {
  readonly child: string;
  readonly error: HostError;
}

/** What failed for one child on its own is its error alone. */
export const togetherFailed = (children: number, failures: readonly Failure[]): Either<HostError, never> =>
  E.left(children === 1 && failures.length === 1 ? failures[0]!.error : { tag: "Together", failures });

/** The store did not do what was asked of it for a child. */
export const storeFailed = (child: string, error: StoreError): Either<HostError, never> =>
  E.left({ tag: "Store", child, error });

/** One sentence for people. */
export const hostProse = (error: HostError): string => {
  switch (error.tag) {
    case "Checkpoint":
      return checkpointProse(error.error);
    case "Image":
      // What can't be read or written names its path itself.
      return "path" in error.error && error.error.path === error.path
        ? imageProse(error.error)
        : `${error.path}: ${imageProse(error.error)}`;
    case "Component":
      return error.diagnostics.map(renderDiagnostic).join("\n");
    case "Boot":
      return `${error.child} could not be started: ${error.reason}`;
    case "NoSuchChild":
      return `there is no child ${error.child}`;
    case "AlreadyRunning":
      return `${error.child} is running already`;
    case "UsedUp":
      return error.child.includes(" and ")
        ? `${error.image} was used up when ${error.child} were revived from it; with \`as\` it makes clones`
        : `${error.image} was used up when ${error.child} was revived from it; with \`as\` it makes a clone`;
    case "Several":
      return `${error.image} holds several children: ${error.children.join(", ")}`;
    case "CloneNames": {
      const { image, unnamed, unknown } = error;
      const wrong = [
        ...(unnamed.length === 0 ? [] : [`it does not say under which name ${unnamed.join(", ")} is cloned`]),
        ...(unknown.length === 0 ? [] : [`${unknown.join(", ")} is not in ${image}`]),
      ];
      return `\`as\` names a clone for each child of the image, { child: clone }: ${wrong.join("; ")}`;
    }
    case "NoEntry": {
      const claims = checkpointProse({ tag: "Refused", missing: error.denied });
      return `no start entry is named ${error.child}, and an image grants nothing: its routes and quota must come from there${claims === "" ? "" : `; denied to init -> ${error.child}: ${claims}`}`;
    }
    case "HostQuota":
      return `host ${error.host} has ${error.available} of the ${error.wanted} ${error.resource === "ram" ? "bytes of RAM" : "capabilities"} that are wanted`;
    case "Store":
      return `${error.child} can't be kept: ${storeProse(error.error)}`;
    case "Unkept":
      return `${error.child} can't be kept: ${error.reason}`;
    case "Astray":
      return `${error.child}: ${error.reason}`;
    case "Together":
      return error.failures.map(({ child, error: reason }) => `${child}: ${hostProse(reason)}`).join("; ");
  }
};
