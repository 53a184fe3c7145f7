// What a running child needs of a target, from what its thread says of it.
import { needsOf } from "../checkpoint/revivable.ts";
import { recordsInOrder } from "../checkpoint/record-order.ts";
import type { Child } from "../host/child.ts";
import { usedBy } from "../intercept/ledger.ts";
import type { Survey } from "../shard/protocol.ts";
import { CONTAINER_FORMAT } from "./container.ts";
import type { FileNeed, Requirements, SessionNeed } from "./requirements.ts";

/** The sessions that it holds, each with the rights that its handles draw on. */
const sessionsOf = (survey: Survey): readonly SessionNeed[] => {
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
const filesOf = ({ ledger }: Survey): readonly FileNeed[] =>
  recordsInOrder(ledger).flatMap(([, record]): FileNeed[] => {
    if (record.kind !== "file") return [];
    const session = ledger.capabilities[String(record.session)];
    return session?.kind === "session" ? [{ label: session.label, path: record.path }] : [];
  });

export const requirementsOf = (child: Child, engine: string, survey: Survey): Requirements => {
  const used = usedBy(survey.ledger);
  return {
    name: child.name,
    ...child.identity,
    format: CONTAINER_FORMAT,
    wordSize: 32,
    byteOrder: "little",
    engine,
    base: child.base.hash,
    memoryBytes: survey.memoryBytes,
    ram: survey.memoryBytes + used.ram,
    caps: used.caps,
    sessions: sessionsOf(survey),
    files: filesOf(survey),
  };
};
