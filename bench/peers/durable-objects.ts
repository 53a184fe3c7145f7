// Durable Objects on workerd: an object a worker. It can't write files itself, so a server on loopback has the log.
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import type { Contender } from "../durable/contender.ts";
import { running, started } from "../durable/processes.ts";
import { installed, missing, peers } from "./installed.ts";
import { freePort, listening } from "./port.ts";

const PACKAGE = "@cloudflare/workerd-linux-64";

const configOf = (log: number, port: number): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "log", external = (address = "127.0.0.1:${log}", http = ())),
    (name = "disk", disk = (path = "kept", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "object.js", esModule = embed "object.js"),
    (name = "state.js", esModule = embed "state.js"),
  ],
  compatibilityDate = "2025-01-01",
  durableObjectNamespaces = [(className = "Job", uniqueKey = "job", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "JOB", durableObjectNamespace = "Job"), (name = "LOG", service = "log")],
);
`;

export const durableObjects: Contender = {
  name: "Durable Objects, workerd",
  note: "lines go over HTTP to a server on loopback: workerd can't append to files",
  absent: () => missing(PACKAGE),
  keeps: ["kept"],
  async start({ folder, workers, crashAfter }) {
    for (const name of ["out", "kept"]) await mkdir(join(folder, name), { recursive: true });
    await copyFile(join(peers, "workerd-object.js"), join(folder, "object.js"));
    await copyFile(join(peers, "state.js"), join(folder, "state.js"));
    const [logPort, port] = [await freePort(), await freePort()];
    await writeFile(join(folder, "config.capnp"), configOf(logPort, port));
    const env = { ...process.env, ...(crashAfter === null ? {} : { CRASH_AFTER: String(crashAfter) }) };
    const log = started(process.execPath, [join(peers, "log-server.js"), folder, String(logPort)], { env });
    const workerd = started(installed(`${PACKAGE}/bin/workerd`), ["serve", "config.capnp"], { cwd: folder });
    await writeFile(join(folder, "asking.pid"), String(workerd.child.pid));
    await Promise.all([listening(logPort, log.ended), listening(port, workerd.ended)]);
    for (let n = 0; n < workers; n++)
      get({ port, path: `/?name=w${n}`, agent: false }).on("error", () => {
        // It is killed while it is asked.
      });
    return running([workerd, log], workerd);
  },
};
