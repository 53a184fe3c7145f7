// Cross-checks of the hosts that a host knows: each is listed once. A peer is known by its key, so of two entries with one
// key only one would ever be called, whatever name was asked for.

import { item, renderPath } from "./locate.ts";
import type { HostSpec } from "./schema-host.ts";
import type { Complaints } from "./validate.ts";

export const validatePeers = (
  hosts: readonly Pick<HostSpec & { readonly name: string }, "name" | "peers">[],
  { about }: Complaints,
): void => {
  for (const { name: host, peers } of hosts)
    for (const [at, { name, key }] of peers.entries()) {
      const path = ["hosts", host, "peers", item(at)];
      const place = renderPath(path);
      const before = peers.slice(0, at);
      const holder = before.find((peer) => peer.key === key);
      if (before.some((peer) => peer.name === name))
        about([...path, "name"], `${place}: ${name} is named twice; expected a name for each peer`);
      if (holder !== undefined)
        about(
          [...path, "key"],
          `${place}: ${name} has the key of ${holder.name}; expected each host once, with what \`cryonode key\` prints there`,
        );
    }
};
