// What an image holds, as lines for people.
import type { ChildSummary, ImageSummary } from "../image/inspect.ts";
import type { ChildOutline, HandleOutline } from "./child-outline.ts";
import { bytesText, countText, msText } from "./quantity.ts";
import { harmless, styles } from "./style.ts";

export interface ImageOutline extends Omit<ImageSummary, "key" | "children"> {
  /** `own`: by the key of the state directory. */
  readonly signature: { readonly key: string; readonly own: boolean };
  /** Without an outline, a child is of another release. */
  readonly children: readonly (Omit<ChildSummary, "ledger"> & Partial<ChildOutline>)[];
}

type Line = readonly [name: string, value: string];

const quoted = (label: string): string => (label === "" ? "" : ` "${label}"`);

const handleText = ({ kind, session, name, position, facts }: HandleOutline): string => {
  const at = position === null ? "" : kind === "rom" ? `, version ${position}` : `, at ${position}`;
  const more = Object.entries(facts).map(([fact, value]) => `${fact} ${value}`);
  const what = kind === "file" ? `file ${name} of${quoted(session)}` : `${kind}${quoted(session)}`;
  return `${what}${at}${more.length === 0 ? "" : ` (${more.join(", ")})`}`;
};

/** The name of a block stands before its first line. */
const block = (name: string, values: readonly string[]): readonly Line[] =>
  values.map((value, index) => [index === 0 ? name : "", value]);

const heldLines = (holds: ChildOutline): readonly Line[] => [
  ...block(
    "sessions",
    holds.sessions.map(
      ({ service, label, child }) =>
        `${service}${quoted(label)}${child === undefined ? "" : `, served by ${child}`}`,
    ),
  ),
  ...block("handles", holds.handles.map(handleText)),
  ...block("threads", ["main", ...holds.threads.map(({ name, state }) => `${name}, ${state}`)]),
  ...block(
    "dataspaces",
    holds.dataspaces.map(({ bytes }) => bytesText(bytes)),
  ),
  ...block(
    "regions",
    holds.regions.map(({ address, bytes }) => `0x${address.toString(16)}, ${bytesText(bytes)}`),
  ),
  ...block(
    "in flight",
    holds.calls.map(({ on, method, rule }) => `${on}.${method}, to ${rule}`),
  ),
  ...block("waiting", holds.waiting === 0 ? [] : [`${holds.waiting} to be delivered`]),
  ["clock", `${msText(holds.elapsedMs)} of its own, ${countText(holds.turns, "turn")}`],
];

const childLines = ({
  identity,
  generation,
  code,
  engine,
  base,
  quota,
  memory,
  ...holds
}: ImageOutline["children"][number]): readonly Line[] => [
  ["identity", `${identity}, generation ${generation}`],
  ["code", `${code.file}, sha256 ${code.hash}`],
  ["engine", engine],
  ["memory", `${bytesText(memory.bytes)}, ${bytesText(memory.storedBytes)} in the image`],
  ["base", memory.whole ? "none needed" : base],
  ["quota", `${quota.ram} bytes of RAM, ${quota.caps} capabilities`],
  ...("sessions" in holds ? heldLines(holds as ChildOutline) : [["ledger", "not of this release"] as const]),
];

/** A container, as far as it can be told of without what is in it. */
export const containerText = (path: string, facts: readonly Line[], colours: boolean): readonly string[] => {
  const { bold, dim } = styles(colours);
  return [
    bold(harmless(path)),
    ...facts.map(([name, value]) => `  ${dim(name.padEnd(11))} ${harmless(value)}`),
  ];
};

export const imageText = (
  path: string,
  { format, image, created, host, digest, fileBytes, sections, signature, children }: ImageOutline,
  colours: boolean,
): readonly string[] => {
  const { bold, dim } = styles(colours);
  const lines = (all: readonly Line[]): readonly string[] =>
    all.map(([name, value]) => `  ${dim(name.padEnd(11))} ${harmless(value)}`);
  const parts = `manifest ${sections.manifest}, index ${sections.index}, chunks ${sections.chunks}`;
  return [
    bold(harmless(path)),
    ...lines([
      ["image", `${image}, format ${format}`],
      ["frozen", `${created} on host ${host}`],
      ["size", `${fileBytes} bytes: ${parts}`],
      ["signed by", `${signature.key}, ${signature.own ? "this host's own key" : "not this host's key"}`],
      ["sha256", digest],
    ]),
    ...children.flatMap((child) => ["", bold(harmless(child.label)), ...lines(childLines(child))]),
  ];
};
