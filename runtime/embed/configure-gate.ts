// A gate, from what a program says of it to what a host needs.
import type { GateProviderConfig } from "../host/host-config.ts";
import { didYouMean, nearest, oneOf } from "../nearest.ts";
import type { GateRight } from "../provider/gate/gate-provider.ts";
import type { QueueBound } from "../provider/gate/message-queue.ts";
import type { Retry } from "../provider/gate/retry.ts";
import { MOST, type HttpTuning, type StreamTuning } from "../provider/gate/tuning.ts";
import type { Place } from "../provider/gate/place.ts";
import { countOf, durationOf, pathOf, sizeOf } from "./amounts.ts";
import type {
  BoundOptions,
  GateOptions,
  HttpGateOptions,
  RetryOptions,
  StreamGateOptions,
} from "./host-options.ts";

const GATE_RIGHTS: readonly GateRight[] = ["send", "receive"];

const wrong = (name: string, key: string, given: unknown, expected: string): TypeError =>
  new TypeError(`gate ${name}: ${key} is ${JSON.stringify(given)}; expected ${expected}`);

/** The host and port in "HOST:PORT"; null where it is none. */
const endpointOf = (given: string): { readonly host: string; readonly port: number } | null => {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(given) ?? [];
  const [host, port] = [bracketed ?? plain, Number(digits)];
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : null;
};

const originOf = (name: string, given: string) => {
  const [, scheme, authority = ""] = /^(https?):\/\/([^/?#@]+)\/?$/.exec(given) ?? [];
  const secure = scheme === "https";
  const place = endpointOf(/:\d+$/.test(authority) ? authority : `${authority}:${secure ? 443 : 80}`);
  if (place === null)
    throw wrong(name, "http", given, '"http://HOST:PORT" or "https://HOST:PORT", with nothing behind it');
  return { ...place, secure };
};

/** What stood there, without what did not. */
const present = <T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;

const made = <A, B>(given: A | undefined, of: (given: A) => B): B | undefined =>
  given === undefined ? undefined : of(given);

const boundOf = (what: string, { messages, bytes }: BoundOptions): QueueBound => ({
  messages: countOf(`${what}.messages`, messages, MOST.messages),
  bytes: sizeOf(`${what}.bytes`, bytes, MOST.bytes),
});

const retryOf = (what: string, { tries, first, longest, connect }: RetryOptions): Partial<Retry> =>
  present({
    tries: made(tries, (count) => countOf(`${what}.tries`, count, MOST.tries)),
    first: made(first, (time) => durationOf(`${what}.first`, time)),
    longest: made(longest, (time) => durationOf(`${what}.longest`, time)),
    connect: made(connect, (time) => durationOf(`${what}.connect`, time)),
  });

const wordOf = <W extends string>(name: string, key: string, given: W, words: readonly W[]): W => {
  if (words.includes(given)) return given;
  throw wrong(name, key, given, `${oneOf(words)}${didYouMean(nearest(given, words))}`);
};

const streamTuning = (name: string, gate: StreamGateOptions): StreamTuning =>
  present({
    message: made(gate.message, (size) => sizeOf(`gate ${name}: message`, size, MOST.message)),
    unread: made(gate.unread, (bound) => boundOf(`gate ${name}: unread`, bound)),
    retry: made(gate.retry, (retry) => retryOf(`gate ${name}: retry`, retry)),
    waiting: made(gate.waiting, (count) => countOf(`gate ${name}: waiting`, count, MOST.waiting, 0)),
    patience: made(gate.patience, (time) => durationOf(`gate ${name}: patience`, time)),
  });

/** More places beside the one that `of` reads. */
const elsewhereOf = (
  name: string,
  { elsewhere, listen, peer }: StreamGateOptions,
  of: (given: string) => Place | null,
): { readonly elsewhere?: readonly Place[] } => {
  if (elsewhere === undefined) return {};
  if (listen === true || peer !== "cryonode")
    throw wrong(name, "elsewhere", elsewhere, "peer: cryonode beside it, and no listen");
  const places = elsewhere.map((given) => {
    const place = of(given);
    if (place === null) throw wrong(name, "elsewhere", given, '"HOST:PORT"');
    return place;
  });
  return { elsewhere: places };
};

const streamConfig = (name: string, gate: StreamGateOptions) => {
  const { listen = false, framing, peer = "foreign", rights = GATE_RIGHTS } = gate;
  wordOf(name, "peer", peer, ["foreign", "cryonode"]);
  if (framing !== undefined) wordOf(name, "framing", framing, ["line", "length", "raw"]);
  if (framing !== undefined && peer === "cryonode")
    throw wrong(name, "framing", framing, "none beside peer: cryonode");
  if (gate.waiting !== undefined && !listen)
    throw wrong(name, "waiting", gate.waiting, "listen: true beside it");
  if (gate.patience !== undefined && !listen && peer === "foreign")
    throw wrong(name, "patience", gate.patience, "listen: true or peer: cryonode beside it");
  const wire = peer === "cryonode" ? peer : (framing ?? "line");
  return { listen, framing: wire, rights, ...streamTuning(name, gate) } as const;
};

const httpTuning = (name: string, gate: HttpGateOptions): HttpTuning =>
  present({
    message: made(gate.message, (size) => sizeOf(`gate ${name}: message`, size, MOST.message)),
    unread: made(gate.unread, (bound) => boundOf(`gate ${name}: unread`, bound)),
    retry: made(gate.retry, (retry) => retryOf(`gate ${name}: retry`, retry)),
    within: made(gate.within, (time) => durationOf(`gate ${name}: within`, time)),
    ca: made(gate.ca, pathOf),
  });

/** Throws a `TypeError` that names what can't be meant. */
export const gateConfig = (name: string, gate: GateOptions): GateProviderConfig => {
  const { rights = GATE_RIGHTS } = gate;
  if ("queue" in gate)
    return {
      kind: "queue",
      rights,
      ...present({ unread: made(gate.unread, (bound) => boundOf(`gate ${name}: unread`, bound)) }),
    };
  if ("provider" in gate) return { kind: "provided", provider: gate.provider, rights };
  if ("http" in gate)
    return { kind: "http", ...originOf(name, gate.http), rights, ...httpTuning(name, gate) };
  if ("unix" in gate) {
    const elsewhere = elsewhereOf(name, gate, (path) => ({ path: pathOf(path) }));
    return { kind: "unix", path: pathOf(gate.unix), ...streamConfig(name, gate), ...elsewhere };
  }
  const place = endpointOf(gate.tcp);
  if (place === null) throw wrong(name, "tcp", gate.tcp, '"HOST:PORT"');
  return { kind: "tcp", ...place, ...streamConfig(name, gate), ...elsewhereOf(name, gate, endpointOf) };
};
