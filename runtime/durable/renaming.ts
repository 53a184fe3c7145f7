// Effects on names, made harmless to repeat: it is noted which thing bore the name before, and what finds another one
// there, or none, was made already.
import { DONE, type Answer } from "../core/service.ts";
import type { WitnessedCall } from "../domain/witness.ts";
import { isSameEntity } from "../provider/file/entity.ts";

/** Which thing bore the name, null where none did. */
export interface NamePlan {
  readonly entity: string | null;
}

const METHODS: ReadonlySet<string> = new Set(["mkdir", "unlink", "move"]);

export const isNamePlan = (plan: unknown): plan is NamePlan => {
  const { entity } = (plan ?? {}) as Partial<NamePlan>;
  return entity === null || typeof entity === "string";
};

/** The name that a call gives or takes away; null for calls that do neither, or where nobody can tell who bears it. */
export const namedBy = ({ object, entry, args }: WitnessedCall): string | null =>
  METHODS.has(entry.name) && object.life?.entityAt !== undefined && typeof args[0] === "string"
    ? args[0]
    : null;

/** The names that such a call gives and takes away. */
export const namesIn = ({ args }: WitnessedCall): readonly string[] =>
  args.filter((each): each is string => typeof each === "string");

/** What is to be noted before such a call is made. */
export const planName = ({ object }: WitnessedCall, name: string): NamePlan => ({
  entity: object.life?.entityAt?.(name) ?? null,
});

/** The answer to a call that was planned so, where it was made before a crash; null where it is to be made. */
export const madeBefore = (
  { object, entry }: WitnessedCall,
  name: string,
  plan: NamePlan,
): Answer<void> | null => {
  const entity = object.life?.entityAt?.(name) ?? null;
  const isSame =
    plan.entity === null ? entity === null : entity !== null && isSameEntity(plan.entity, entity);
  const wasMade = entry.name === "mkdir" ? plan.entity === null && entity !== null : !isSame;
  return wasMade ? DONE : null;
};
