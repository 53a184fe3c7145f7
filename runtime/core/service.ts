// What core serves: objects that a protection domain holds capabilities to. The interceptor and the dispatcher
// see every object through this one shape.
import type { Contract, Method, Of } from "../../lib/contract.ts";
import type { SessionError } from "../../lib/error.ts";
import { E, type Either } from "../../lib/fp.ts";

export type Answer<T> = Either<SessionError, T>;
export type Eventually<T> = Answer<T> | Promise<Answer<T>>;

/** It worked, and there is nothing to say. */
export const DONE: Answer<void> = E.right(undefined);

/** A change outside that an object's coming back needs. It is made when all else of a revival has succeeded; then
 *  follows, once for all of them, `confirm` or `retract`. */
export interface Effect {
  enact(): Eventually<void>;
  /** Puts back what was there, also after an `enact` that failed. */
  retract(): Eventually<void>;
  confirm(): void;
}

/** What the runtime does with an object beside calling its methods. */
export interface Life {
  /** What it came back with is not what it was at the freeze: in words, for those who ask. */
  readonly changed?: string;
  readonly effect?: Effect;
  /** A freeze is about to wait for calls that must complete: completes those that wait for others, as far as nothing is
   *  lost by it. */
  hasten?(): void;
  /** Completes no waiting call any more, and consumes nothing from outside, until `resume`. */
  suspend?(): void;
  resume?(): void;
  /** Its position, as plain data: what moves with every call and so is no part of the ledger. Legal while it is
   *  suspended, and without effect. */
  capture?(): Eventually<unknown>;
  /** The component has given it up for good; `release` follows. At a freeze, `release` comes alone. */
  dismissed?(): void;
  /** The position that it began at, for objects that can't be known to have begun at their type's. */
  readonly opened?: unknown;
  /** Told when a durable host has on stable storage how it began: with its first answer, or with one that failed and by
   *  which it begins anew. */
  noted?(): void;
  /** Closing it tells the other side that nothing follows, so that it waits as an effect does. */
  readonly parts?: true;
  /** Told, after each answer of `method` that a durable host has on stable storage, that nobody will ask for it again. */
  readonly kept?: { readonly method: string; confirm(): void };
  /** Nobody waits any more for the call that answered with `promise`: completes it, or keeps what it would have
   *  brought for the next one. Nothing, where no such call waits. */
  cancel?(promise: Promise<unknown>): void;
  /** Where it stands in what it reads or writes, in its own measure, for objects that move: plain data, which a durable
   *  host writes down with each answer. */
  place?(answer: Answer<unknown>): unknown;
  /** For what leads to a peer that takes a thing said twice for two things. */
  readonly foreign?: Foreign;
  /** For what grows at its end by its method `write`: what makes that harmless to repeat. */
  readonly growth?: Growth;
  /** For what gives names to things: tells which thing bears a name, so that a change of names is made once. */
  entityAt?(path: string): string | null;
  /** For what gives names to things: returns when the names that were given and taken away would survive a loss of power,
   *  `before` among them, for which that was done before a crash. Left: they may not. */
  settle?(before: readonly string[]): Answer<void>;
  /** Does again what a method did before, which a loss of power has undone. Its place is where it was. */
  again?(effect: MadeEffect): Answer<unknown>;
  /** Gives back what it holds outside. It is called once; no method is called after it. */
  release?(): void | Promise<void>;
}

/** A peer that can't tell what it hears twice. Of the effects on it one at a time leaves, and the next one when it is on
 *  stable storage that this one did. So a crash leaves one doubt at most. */
export interface Foreign {
  /** Whether an effect in doubt is made again. */
  readonly again: boolean;
  /** Where it is not: what its caller is answered. */
  doubtful(): Answer<unknown>;
}

/** Something to append to. An append becomes a write at a place that was noted down before, and may then be made
 *  however often. Places are numbers that grow: of bytes in a file, of entries in a log. */
export interface Growth {
  /** The same for all objects that lead to it. */
  readonly name: string;
  /** Where it ends now. */
  end(): Answer<number>;
  /** How far an append of this moves the end. */
  size(data: unknown): number;
  /** Does as the method `write` does, but there. */
  append(data: unknown, at: number): Answer<unknown>;
}

/** An effect that was made, and the place that it was made at. */
export interface MadeEffect {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly place: number;
}

/** Its methods lie beside these two, by the names that its contract gives them. */
export interface CoreObject {
  readonly contract: Contract;
  readonly life?: Life;
}

/** The methods of a contract as core implements them. A capability result is the object itself. Arguments were
 *  checked against the contract before; bytes among them are valid during the call only. */
export type Serving<C extends Contract> = CoreObject & {
  [K in keyof C["methods"]]: C["methods"][K] extends Method<infer A, infer R>
    ? (...args: A) => Eventually<R extends Of<infer D> ? Serving<D> : R>
    : never;
};
