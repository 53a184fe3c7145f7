// The gates of a host in a scenario file: queues that the scenario plays, and the ways out of the machine.

import * as t from "io-ts";
import { E } from "../../lib/fp.ts";
import type { GateProviderConfig } from "../host/host-config.ts";
import { SOCKET_PATH_BYTES } from "../provider/gate/socket-file.ts";
import type { Read, Schema } from "./schema.ts";
import { aboutKey, placeOf, refuse, schema } from "./schema.ts";
import { fields, variants } from "./schema-fields.ts";
import { diskPath } from "./schema-path.ts";
import { GATE_RIGHTS, gateRights } from "./schema-right.ts";
import * as tuned from "./schema-tuning.ts";
import { list, mapped, refined, text, word, yes } from "./schema-value.ts";
import type { Tree } from "./tree.ts";
import { duration } from "./unit.ts";

/** What a file can name: not a provider of a program's own. */
export type GateProvider = Exclude<GateProviderConfig, { readonly kind: "provided" }>;

const WHAT = "a gate provider";

const endpointOf = (given: string): { host: string; port: number } | null => {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(given) ?? [];
  const [host, port] = [bracketed ?? plain, Number(digits)];
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : null;
};

const endpoint = refined(text, "HOST:PORT with a port from 1 to 65535", (given) => {
  const found = endpointOf(given);
  return found === null ? E.left(null) : E.right(found);
});

const ORIGIN = "http://HOST, https://HOST, or one with :PORT, with nothing behind it";

const origin = refined(text, ORIGIN, (given) => {
  const [, scheme, bracketed, plain, digits] =
    /^(https?):\/\/(?:\[([0-9a-fA-F:.]+)\]|([^\s:/?#@[\]]+))(?::(\d{1,5}))?\/?$/.exec(given) ?? [];
  const secure = scheme === "https";
  const [host, port] = [bracketed ?? plain, Number(digits ?? (secure ? 443 : 80))];
  if (host !== undefined && port >= 1 && port <= 65_535) return E.right({ host, port, secure });
  // What was most likely meant: that server, without a path.
  const [, meantScheme = "http", meant] = /^(?:(https?):\/\/)?([^\s/?#@]+)/.exec(given) ?? [];
  return E.left(meant === undefined || meant.endsWith(":") ? null : `${meantScheme}://${meant}`);
});

const socketPath = (directory: string): Schema<string> =>
  schema("the path of a socket", (tree, context) => {
    const path = diskPath(directory).validate(tree, context);
    if (E.isLeft(path)) return path;
    const bytes = Buffer.byteLength(path.right);
    if (bytes <= SOCKET_PATH_BYTES) return path;
    const expected = `a path of at most ${SOCKET_PATH_BYTES} bytes, as the system sets for sockets; ${path.right} has ${bytes}`;
    return refuse(tree, context, expected);
  });

const framing = word(["line", "length", "raw"]);
const peer = word(["foreign", "cryonode"]);
const streamKeys = {
  listen: yes,
  framing,
  peer,
  message: tuned.message,
  unread: tuned.unread,
  retry: tuned.retry,
  waiting: tuned.waiting,
  patience: duration,
  rights: gateRights,
};
/** `elsewhere`: more places of the same kind. */
const keysWith = <P>(place: Schema<P>) => ({ ...streamKeys, elsewhere: list(place) });

type StreamFields = { readonly [K in keyof typeof streamKeys]?: Read<(typeof streamKeys)[K]> } & {
  readonly elsewhere?: readonly unknown[];
};

/** Keys that make no sense beside others; who put them there meant something else. */
const contradiction = (
  keys: ReadonlyMap<string, unknown>,
  { listen, peer: other = "foreign" }: StreamFields,
): { readonly key: string; readonly message: string } | null => {
  if (other === "cryonode" && keys.has("framing"))
    return {
      key: "framing",
      message:
        "framing stands beside peer: cryonode; expected one of them, as two Cryonode ends frame their messages themselves",
    };
  if (keys.has("elsewhere") && (listen !== undefined || other === "foreign"))
    return {
      key: "elsewhere",
      message:
        "elsewhere is where the other end of a pair may have moved; expected it beside peer: cryonode, at the end that calls",
    };
  if (keys.has("waiting") && listen === undefined)
    return { key: "waiting", message: "waiting is about peers that call; expected it beside listen: true" };
  if (keys.has("patience") && listen === undefined && other === "foreign")
    return {
      key: "patience",
      message:
        "patience is how long a call waits for the other side; expected it beside listen: true or peer: cryonode",
    };
  return null;
};

const stream = <A extends StreamFields, B>(of: Schema<A>, to: (given: A) => B): Schema<B> =>
  schema(WHAT, (tree, context) => {
    const given = of.validate(tree, context);
    if (E.isLeft(given) || tree.kind !== "mapping") return given as t.Validation<B>;
    const wrong = contradiction(tree.entries, given.right);
    if (wrong === null) return t.success(to(given.right));
    const at = tree.entries.get(wrong.key)!.value;
    return t.failures([aboutKey(at, context, wrong.key, `${placeOf(context)}: ${wrong.message}`)]);
  });

/** What tcp and unix gates have in common. */
const streamOf = ({
  listen,
  framing: cut = "line",
  peer: other,
  rights = GATE_RIGHTS,
  elsewhere: _elsewhere,
  ...tuning
}: StreamFields) =>
  ({ ...tuning, listen: listen === true, framing: other === "cryonode" ? other : cut, rights }) as const;

const forms = (directory: string): Schema<GateProvider> =>
  variants(WHAT, {
    queue: mapped(
      fields(WHAT, { queue: yes }, { unread: tuned.unread, rights: gateRights }),
      ({ queue: _, rights = GATE_RIGHTS, ...tuning }): GateProvider => ({ kind: "queue", rights, ...tuning }),
    ),
    tcp: stream(
      fields(WHAT, { tcp: endpoint }, keysWith(endpoint)),
      ({ tcp, elsewhere, ...given }): GateProvider => ({
        kind: "tcp",
        ...tcp,
        ...streamOf(given),
        ...(elsewhere === undefined ? {} : { elsewhere }),
      }),
    ),
    unix: stream(
      fields(WHAT, { unix: socketPath(directory) }, keysWith(socketPath(directory))),
      ({ unix, elsewhere, ...given }): GateProvider => ({
        kind: "unix",
        path: unix,
        ...streamOf(given),
        ...(elsewhere === undefined ? {} : { elsewhere: elsewhere.map((path) => ({ path })) }),
      }),
    ),
    http: mapped(
      fields(
        WHAT,
        { http: origin },
        {
          message: tuned.message,
          unread: tuned.unread,
          retry: tuned.retry,
          within: duration,
          ca: diskPath(directory),
          rights: gateRights,
        },
      ),
      ({ http, rights = GATE_RIGHTS, ...tuning }): GateProvider => ({
        kind: "http",
        ...http,
        rights,
        ...tuning,
      }),
    ),
  });

/** The kinds of gates that a scenario can't play the outside world of, since they lead to it. */
export const PEER_KINDS = ["tcp", "unix", "http"] as const;

/** `listen: HOST:PORT`, `unixListen: PATH` and the like, for `tcp: HOST:PORT, listen: true`. */
const misspeltListener = (tree: Tree): { key: string; at: Tree; meant: string } | null => {
  if (tree.kind !== "mapping" || ["queue", ...PEER_KINDS].some((key) => tree.entries.has(key))) return null;
  for (const [key, { value }] of tree.entries) {
    if (!/listen/i.test(key)) continue;
    const given = value.kind === "leaf" && typeof value.value === "string" ? value.value : null;
    const unix = /unix/i.test(key) || (given !== null && endpointOf(given) === null);
    const place = unix ? `unix: ${given ?? "PATH"}` : `tcp: ${JSON.stringify(given ?? "HOST:PORT")}`;
    return { key, at: value, meant: `{ ${place}, listen: true }` };
  }
  return null;
};

/** `directory`: where relative paths start. */
export const gateProvider = (directory: string): Schema<GateProvider> => {
  const right = forms(directory);
  return schema(WHAT, (tree, context) => {
    const wrong = misspeltListener(tree);
    if (wrong === null) return right.validate(tree, context);
    const message = `${placeOf(context)} has ${wrong.key} in place of a kind of gate; expected ${wrong.meant}`;
    return t.failures([aboutKey(wrong.at, context, wrong.key, message)]);
  });
};
