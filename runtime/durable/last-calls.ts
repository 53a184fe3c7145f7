// The last calls that a component made, for whoever wants to know what it did before it faulted: which method of what,
// and of its arguments what says where it went, but nothing of what it wrote there.
import { Parent } from "../../lib/session/parent.ts";
import type { CoreObject } from "../core/service.ts";
import type { ProtectionDomain } from "../domain/protection-domain.ts";
import type { WitnessedCall } from "../domain/witness.ts";

/** So many are shown. */
export const MOST_CALLS = 32;
const MOST_CHARACTERS = 120;

interface Noted {
  readonly object: CoreObject;
  readonly method: string;
  readonly args: string;
  readonly turn: number;
}

/** Names and paths are shown, which are short and printable; of other texts and of bytes only how long they are. */
const shownArg = (value: unknown, isName: boolean): string => {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "string") return isName ? JSON.stringify(value) : `${value.length} characters`;
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  return Array.isArray(value) ? `${value.length} items` : typeof value === "object" ? "{…}" : typeof value;
};

const ASKED: ReadonlySet<string> = new Set(["session", "close", "exit", "announce", "answer", "refuse"]);
const NAMING: ReadonlySet<string> = new Set(["open", "stat", "list", "mkdir", "unlink", "move", "watch"]);

const sessionText = (args: readonly unknown[]): string | null => {
  const { service, label } = (args[0] ?? {}) as { readonly service?: unknown; readonly label?: unknown };
  if (typeof service !== "string") return null;
  return typeof label === "string" && label !== "" ? `${service} "${label}"` : service;
};

export class LastCalls {
  readonly #noted: (Noted | undefined)[] = [];
  #count = 0;

  note({ object, entry, args, turn }: WitnessedCall): void {
    // What its library says for itself is none of its doing.
    if (object.contract === Parent && !ASKED.has(entry.name)) return;
    const isName = object.contract.service === "File_system" && NAMING.has(entry.name);
    const shown =
      (entry.name === "session" ? sessionText(args) : null) ??
      args.map((each) => shownArg(each, isName)).join(", ");
    const text = shown.length > MOST_CHARACTERS ? `${shown.slice(0, MOST_CHARACTERS - 1)}…` : shown;
    this.#noted[this.#count++ % MOST_CALLS] = { object, method: entry.name, args: text, turn };
  }

  /** The oldest first. Objects that `domain` still holds are named as its ledger names them. */
  texts(domain: ProtectionDomain): readonly string[] {
    const first = Math.max(0, this.#count - MOST_CALLS);
    const noted = Array.from(
      { length: this.#count - first },
      (_, at) => this.#noted[(first + at) % MOST_CALLS]!,
    );
    const wanted = new Set(noted.map(({ object }) => object));
    const names = new Map<CoreObject, string>();
    for (const [selector, { object }] of domain.capabilities) {
      if (!wanted.has(object)) continue;
      const record = domain.ledger.capabilities[String(selector)];
      const name = record?.kind === "session" ? record.label : record?.kind === "file" ? record.path : "";
      if (name !== "") names.set(object, ` ${JSON.stringify(name)}`);
    }
    return noted.map(
      ({ object, method, args, turn }) =>
        `turn ${turn}: ${object.contract.service}${names.get(object) ?? ""}.${method}(${args})`,
    );
  }
}
