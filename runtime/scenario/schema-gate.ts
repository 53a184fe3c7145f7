// The gates of a host in a scenario file: queues that the scenario plays, and the ways out of the machine.

import * as t from "io-ts";
import { E } from "../../lib/fp.ts";
import type { GateProviderConfig } from "../host/host-config.ts";
import { SOCKET_PATH_BYTES } from "../provider/gate/socket-file.ts";
import type { Schema } from "./schema.ts";
import { aboutKey, placeOf, refuse, schema } from "./schema.ts";
import { fields, variants } from "./schema-fields.ts";
import { diskPath } from "./schema-path.ts";
import { GATE_RIGHTS, gateRights } from "./schema-right.ts";
import { mapped, refined, text, word, yes } from "./schema-value.ts";
import type { Tree } from "./tree.ts";

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

const ORIGIN = "http://HOST or http://HOST:PORT, with nothing behind it";

const origin = refined(text, ORIGIN, (given) => {
  const [, bracketed, plain, digits = "80"] =
    /^http:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^\s:/?#@[\]]+))(?::(\d{1,5}))?\/?$/.exec(given) ?? [];
  const [host, port] = [bracketed ?? plain, Number(digits)];
  if (host !== undefined && port >= 1 && port <= 65_535) return E.right({ host, port });
  // What was most likely meant: that server, without a path, or without encryption.
  const [, meant] = /^(?:https?:\/\/)?([^\s/?#@]+)/.exec(given) ?? [];
  return E.left(meant === undefined || meant.endsWith(":") ? null : `http://${meant}`);
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
const streamKeys = { listen: yes, framing, rights: gateRights };

const forms = (directory: string): Schema<GateProvider> =>
  variants(WHAT, {
    queue: mapped(
      fields(WHAT, { queue: yes }, { rights: gateRights }),
      ({ rights = GATE_RIGHTS }): GateProvider => ({ kind: "queue", rights }),
    ),
    tcp: mapped(
      fields(WHAT, { tcp: endpoint }, streamKeys),
      ({ tcp, listen = false, framing: cut = "line", rights = GATE_RIGHTS }): GateProvider => ({
        kind: "tcp",
        ...tcp,
        listen,
        framing: cut,
        rights,
      }),
    ),
    unix: mapped(
      fields(WHAT, { unix: socketPath(directory) }, streamKeys),
      ({ unix, listen = false, framing: cut = "line", rights = GATE_RIGHTS }): GateProvider => ({
        kind: "unix",
        path: unix,
        listen,
        framing: cut,
        rights,
      }),
    ),
    http: mapped(
      fields(WHAT, { http: origin }, { rights: gateRights }),
      ({ http, rights = GATE_RIGHTS }): GateProvider => ({ kind: "http", ...http, rights }),
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
