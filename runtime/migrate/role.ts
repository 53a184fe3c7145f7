// The two roles of a MigTask, as a pure state machine. A task is MigSink while it is empty, MigSource while it is
// populated; it starts as MigSink. What is told it in a state that has no place for it is refused by name, and changes
// nothing. docs/migration-protocol.md draws it.
import { E, type Either } from "../../lib/fp.ts";

/**
 * The four commands of the command channel.
 * - `initialize`: boots the travelers for the first time;
 * - `receive`: takes a container in and restores its travelers;
 * - `transfer`: stops the travelers and hands them over;
 * - `information`: says who is there and what it can do; accepted in every state, and changes none.
 */
export const COMMANDS = ["initialize", "receive", "transfer", "information"] as const;
export type Command = (typeof COMMANDS)[number];

/**
 * What happens in the course of a command.
 * - `begun` | `failed`: of `initialize`;
 * - `held` | `offered`: the travelers stand still; their container is on its way;
 * - `released`: their source has durably decided that they are the sink's: the one point of decision;
 * - `confirmed`: their sink has activated them;
 * - `staged`: the sink has the whole container durably: it is prepared;
 * - `activated`: they live here now;
 * - `abandoned`: whatever was under way came to nothing: a source's travelers run on, a sink is empty again;
 * - `ended`: the travelers exited, faulted, were killed or frozen.
 */
export const EVENTS = [
  "begun",
  "failed",
  "held",
  "offered",
  "released",
  "confirmed",
  "staged",
  "activated",
  "abandoned",
  "ended",
] as const;
export type RoleEvent = (typeof EVENTS)[number];

/** By phase: its role, and where each command and event leads from there. What is not named is refused. */
const PHASES = {
  /** Nobody is there. */
  empty: { role: "MigSink", to: { initialize: "booting", receive: "receiving" } },
  booting: { role: "MigSink", to: { begun: "populated", failed: "empty" } },
  /** Memory comes in; nothing here is durable yet. */
  receiving: { role: "MigSink", to: { staged: "prepared", abandoned: "empty" } },
  /** The whole container is durable, and the source's decision is not known: in doubt where the channel is gone. */
  prepared: { role: "MigSink", to: { activated: "populated", abandoned: "empty" } },
  /** The travelers run. */
  populated: { role: "MigSource", to: { transfer: "copying", ended: "empty" } },
  /** Pre-flight and rounds of memory, while the travelers run. They may end by themselves. */
  copying: { role: "MigSource", to: { held: "holding", abandoned: "populated", ended: "empty" } },
  /** The travelers stand still. */
  holding: { role: "MigSource", to: { offered: "offered", abandoned: "populated" } },
  /** The sink may be prepared already; nothing is decided. */
  offered: { role: "MigSource", to: { released: "released", abandoned: "populated" } },
  /** Decided: they are the sink's. It has not confirmed that they live there, so the decision is kept for it. */
  released: { role: "MigSink", to: { confirmed: "empty", receive: "receiving" } },
} as const satisfies Record<
  string,
  { readonly role: "MigSink" | "MigSource"; readonly to: Partial<Record<Command | RoleEvent, string>> }
>;

export type Phase = keyof typeof PHASES;
export type Role = (typeof PHASES)[Phase]["role"];

export const PHASE_NAMES = Object.keys(PHASES) as readonly Phase[];
export const FIRST_PHASE: Phase = "empty";

export const roleOf = (phase: Phase): Role => PHASES[phase].role;

/** Said in the wrong state. */
export interface WrongState {
  readonly tag: "WrongState";
  readonly said: Command | RoleEvent;
  readonly role: Role;
  readonly phase: Phase;
  /** What is accepted there, `information` always. */
  readonly accepted: readonly (Command | RoleEvent)[];
}

/** Where a phase leads; on Left it stays what it was. */
export const follow = (phase: Phase, said: Command | RoleEvent): Either<WrongState, Phase> => {
  if (said === "information") return E.right(phase);
  const { role, to } = PHASES[phase] as {
    readonly role: Role;
    readonly to: Readonly<Partial<Record<Command | RoleEvent, Phase>>>;
  };
  const next = to[said];
  if (next !== undefined) return E.right(next);
  const accepted = ["information", ...Object.keys(to)] as readonly (Command | RoleEvent)[];
  return E.left({ tag: "WrongState", said, role, phase, accepted });
};
