// What it means to this end that two ends of a gate won't talk.

import type { Refusal } from "./hello.ts";

const older = "was revived from an image that is older than the conversation";

const OURS: Readonly<Record<Refusal, string>> = {
  version: "the other end speaks another version of the protocol",
  taken: "the end there and this one belong to different conversations",
  stale: "the end there is an earlier incarnation of the other end",
  behind: `the other end ${older}`,
  ahead: `this end ${older}`,
  size: "the two ends allow messages of different sizes",
  busy: "the component here has not heard yet that its last conversation is over",
};

const THEIRS: Readonly<Record<Refusal, string>> = {
  ...OURS,
  stale: "a later incarnation of this end has called before",
  behind: OURS.ahead,
  ahead: OURS.behind,
  busy: "the component there has not heard yet that its last conversation is over",
};

/** `byUs`: whether it was this end that refused. */
export const refusalText = (refusal: Refusal, byUs: boolean): string => (byUs ? OURS : THEIRS)[refusal];
