// The event that brought a component down, taken out of its way: whoever waits for it hears of that, and the component
// goes on with the next one.
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import { REPLY_ERROR, SERVE_CALL } from "../../lib/guest/abi.ts";
import type { Snapshot } from "../checkpoint/snapshot.ts";

type Waiting = Snapshot["inbox"][number];

/** What was taken out, for people; null where nothing waited. */
export interface SetAside {
  readonly snapshot: Snapshot;
  readonly event: string | null;
}

/** The key of the call that a request carries: the first thing in its first line. */
const keyOf = ({ value }: Waiting): number | null => {
  const text =
    typeof value === "string"
      ? value
      : value instanceof Uint8Array
        ? Buffer.from(value.buffer, value.byteOffset + 4, Math.max(0, value.length - 4)).toString()
        : "";
  const [, key] = /^\[([0-9]{1,15})[,\]]/.exec(text) ?? [];
  return key === undefined ? null : Number(key);
};

/** The caller of a service is answered as if the component had answered so. */
const refused = (services: Snapshot["services"], key: number, error: SessionError): Snapshot["services"] =>
  services === undefined
    ? undefined
    : {
        ...services,
        served: services.served.map((link) => {
          const call = link.running.find((running) => running.key === key);
          if (call === undefined) return link;
          return {
            ...link,
            running: link.running.filter((running) => running !== call),
            kept: [...link.kept, { id: call.id, answer: E.left(error) }],
          };
        }),
      };

const described = ({ slot, form, value }: Waiting): string => {
  const shown =
    typeof value === "string"
      ? value.replaceAll("\n", " ").slice(0, 200)
      : value instanceof Uint8Array
        ? `${value.length} bytes`
        : String(value);
  if (slot < 0 && form === SERVE_CALL) return `the call ${shown}`;
  return slot >= 0 ? `the reply in slot ${slot}: ${shown}` : `signal ${form}: ${shown}`;
};

/** `slot`: that of the event; null where nobody knows it, and it is the next one. */
export const setAside = (snapshot: Snapshot, slot: number | null, label: string): SetAside => {
  const at = snapshot.inbox.findIndex(
    (event) => event.withheld === undefined && (slot === null || event.slot === slot),
  );
  const event = snapshot.inbox[at];
  if (event === undefined) return { snapshot, event: null };
  const error: SessionError = {
    tag: "Failed",
    service: label,
    message: "what it was told brought it down, and was set aside",
  };
  const told: readonly Waiting[] =
    event.slot >= 0 ? [{ ...event, form: REPLY_ERROR, value: JSON.stringify(error), region: 0 }] : [];
  const key = event.slot < 0 && event.form === SERVE_CALL ? keyOf(event) : null;
  const services = key === null ? snapshot.services : refused(snapshot.services, key, error);
  return {
    event: described(event),
    snapshot: {
      ...snapshot,
      inbox: [...snapshot.inbox.slice(0, at), ...told, ...snapshot.inbox.slice(at + 1)],
      ...(services === undefined ? {} : { services }),
    },
  };
};
