// What a host tells of its children, as it happens.
import type { RevivedInfo } from "../../lib/guest/abi.ts";

export type HostEvent =
  | { readonly event: "started"; readonly child: string; readonly host: string }
  /** `kept`: its file has the entry already. */
  | { readonly event: "log"; readonly child: string; readonly text: string; readonly kept?: true }
  | { readonly event: "exited"; readonly child: string; readonly code: number }
  | {
      readonly event: "faulted";
      readonly child: string;
      readonly reason: string;
      /** `file:line:column` in the component's TypeScript, where there is one. */
      readonly at: string | null;
      readonly stack: string;
    }
  | {
      readonly event: "denied";
      readonly child: string;
      readonly service: string;
      readonly label: string;
      readonly reason: string;
    }
  | {
      readonly event: "frozen" | "checkpointed";
      readonly child: string;
      /** The image's path. */
      readonly image: string;
      readonly generation: number;
      /** Of the image. */
      readonly bytes: number;
      readonly pauseMs: number;
    }
  | {
      readonly event: "revived";
      readonly child: string;
      readonly host: string;
      /** Null where it came back from what a durable host keeps. */
      readonly image: string | null;
      readonly generation: number;
      readonly reopened: RevivedInfo["reopened"];
      readonly reviveMs: number;
    }
  /** It lives on another host now. */
  | {
      readonly event: "migrated";
      readonly child: string;
      /** What that host calls itself. */
      readonly to: string;
      /** Of the incarnation there; null where that host has not confirmed yet. */
      readonly generation: number | null;
      readonly rounds: number;
      /** On the wire, and of its memory. */
      readonly bytes: number;
      readonly memoryBytes: number;
      readonly pauseMs: number;
      readonly totalMs: number;
      /** Why it does not go on there, where it does not: it is that host's all the same. */
      readonly stranded: string | null;
    }
  | { readonly event: "killed"; readonly child: string }
  /** A later incarnation has taken its place elsewhere: it was ended, and nothing it did since was let out. */
  | { readonly event: "fenced"; readonly child: string; readonly reason: string }
  /** It takes no memory, until it is wanted. */
  | { readonly event: "rested"; readonly child: string }
  /** It was wanted, and goes on where it rested. */
  | { readonly event: "woken"; readonly child: string; readonly wakeMs: number }
  /** Something went wrong that changes nothing for the child. */
  | { readonly event: "warning"; readonly child: string; readonly text: string };
