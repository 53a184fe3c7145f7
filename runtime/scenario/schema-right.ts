// Rights, as hosts give them to providers and routes narrow them.

import type { Schema } from "./schema.ts";
import { list, mapped, word } from "./schema-value.ts";

export const FILE_RIGHTS = ["read", "write", "create", "remove", "list"] as const;
export const GATE_RIGHTS = ["send", "receive"] as const;
const PEER_RIGHTS = ["receive", "transfer", "initialize"] as const;

/** `write` covers append and truncate. */
export type FileRight = (typeof FILE_RIGHTS)[number];
export type GateRight = (typeof GATE_RIGHTS)[number];

/** Each once, in the order of the words above, however they were written. */
const rights = <const W extends string>(words: readonly W[]): Schema<readonly W[]> =>
  mapped<readonly W[], readonly W[]>(list(word(words)), (given) =>
    words.filter((each) => given.includes(each)),
  );

export const fileRights: Schema<readonly FileRight[]> = rights(FILE_RIGHTS);
export const gateRights: Schema<readonly GateRight[]> = rights(GATE_RIGHTS);
/** Of another host: which commands of the channel it may give here. */
export const peerRights = rights(PEER_RIGHTS);
/** Of a route, whose service says which of them fit. */
export const anyRights = rights([...FILE_RIGHTS, ...GATE_RIGHTS]);
