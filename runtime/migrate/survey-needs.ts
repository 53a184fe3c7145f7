// What a child needs of a target, from what its thread says of it, or what a container does.
import { FileSystem } from "../../lib/session/file-system.ts";
import { needsOf } from "../checkpoint/revivable.ts";
import { recordsInOrder } from "../checkpoint/record-order.ts";
import { routeFor, type Route } from "../core/route.ts";
import { usedBy } from "../intercept/ledger.ts";
import type { Survey } from "../shard/protocol.ts";
import { CONTAINER_FORMAT } from "./container.ts";
import type { FileNeed, Requirements, SessionNeed } from "./requirements.ts";

type Held = Pick<Survey, "ledger" | "calls" | "memoryBytes">;

/** Who it is, and what executes it, by hash. */
export type TravelerFacts = Pick<Requirements, "name" | "identity" | "generation" | "engine" | "base">;

/** The sessions that it holds, each with the rights that its handles draw on. */
const sessionsOf = (survey: Held): readonly SessionNeed[] => {
  const { ledger } = survey;
  const plain = (service: string): SessionNeed => ({ service, label: "", rights: [] });
  const held = recordsInOrder(ledger).flatMap(([selector, record]): SessionNeed[] => {
    if (record.kind !== "session") return [];
    const rights = [...new Set(needsOf(survey, selector).map(({ right }) => right))];
    return [{ service: record.service, label: record.label, rights }];
  });
  return [...(ledger.usesLog ? [plain("LOG")] : []), ...(ledger.usesTimer ? [plain("Timer")] : []), ...held];
};

/** The files that it holds open. */
const filesOf = ({ ledger }: Held, routes: readonly Route[] | undefined): readonly FileNeed[] =>
  recordsInOrder(ledger).flatMap(([, record]): FileNeed[] => {
    if (record.kind !== "file") return [];
    const session = ledger.capabilities[String(record.session)];
    if (session?.kind !== "session") return [];
    const need = { label: session.label, path: record.path };
    if (routes === undefined) return [need];
    return [{ ...need, carried: routeFor(routes, FileSystem.service, session.label)?.policy === "restore" }];
  });

/** `routes`: those that it lives under, where they say what comes along of its files. */
export const requirementsOf = (
  facts: TravelerFacts,
  survey: Held,
  routes?: readonly Route[],
): Requirements => {
  const used = usedBy(survey.ledger);
  return {
    ...facts,
    format: CONTAINER_FORMAT,
    wordSize: 32,
    byteOrder: "little",
    memoryBytes: survey.memoryBytes,
    ram: survey.memoryBytes + used.ram,
    caps: used.caps,
    sessions: sessionsOf(survey),
    files: filesOf(survey, routes),
  };
};
