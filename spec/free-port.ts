// Ports of this machine on which nobody listens.
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** So many, all of them different. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    server.listen({ host: "127.0.0.1", port: 0 });
    await once(server, "listening");
    ports.push((server.address() as AddressInfo).port);
  }
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
};

export const freePort = async (): Promise<number> => (await freePorts(1))[0]!;
