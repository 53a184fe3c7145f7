// Restate: its server and a service of its TypeScript SDK, both of which are killed.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Contender } from "../durable/contender.ts";
import { running, started } from "../durable/processes.ts";
import { installed, missing, peers } from "./installed.ts";
import { freePort, listening } from "./port.ts";

const PACKAGE = "@restatedev/restate-server-linux-x64";

interface Ports {
  readonly node: number;
  readonly admin: number;
  readonly ingress: number;
  readonly service: number;
}

const configOf = ({ node, admin, ingress }: Ports): string => `node-name = "bench"
base-dir = "kept"
listen-mode = "tcp"
bind-address = "127.0.0.1:${node}"
advertised-address = "http://127.0.0.1:${node}"
disable-telemetry = true
log-filter = "warn"

[admin]
bind-address = "127.0.0.1:${admin}"

[ingress]
bind-address = "127.0.0.1:${ingress}"
`;

const post = async (port: number, path: string, body: unknown): Promise<void> => {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }).catch(() => null);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** Ports stay the same for one folder: the server remembers where the service is. */
const portsOf = new Map<string, Ports>();

export const restate: Contender = {
  name: "Restate",
  absent: () => missing(PACKAGE, "@restatedev/restate-sdk"),
  keeps: ["kept"],
  async start({ folder, workers, crashAfter }) {
    await mkdir(join(folder, "out"), { recursive: true });
    const known = portsOf.get(folder);
    const ports = known ?? {
      node: await freePort(),
      admin: await freePort(),
      ingress: await freePort(),
      service: await freePort(),
    };
    portsOf.set(folder, ports);
    if (!existsSync(join(folder, "restate.toml")))
      await writeFile(join(folder, "restate.toml"), configOf(ports));
    const env = { ...process.env, ...(crashAfter === null ? {} : { CRASH_AFTER: String(crashAfter) }) };
    const server = started(installed(`${PACKAGE}/bin/restate-server`), ["-c", "restate.toml", "--no-logo"], {
      cwd: folder,
    });
    const service = started(
      process.execPath,
      [
        "--import",
        join(peers, "with-resolvers.js"),
        join(peers, "restate.js"),
        folder,
        String(ports.service),
      ],
      {
        env,
      },
    );
    if (known === undefined) {
      await Promise.all([
        listening(ports.admin, server.ended),
        listening(ports.ingress, server.ended),
        listening(ports.service, service.ended),
      ]);
      await post(ports.admin, "/deployments", { uri: `http://127.0.0.1:${ports.service}` });
      for (let n = 0; n < workers; n++) await post(ports.ingress, "/job/run/send", { name: `w${n}` });
    }
    return running([server, service], service);
  },
};
