// Ports of this machine that nobody listens on.
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
};

const POLL_MS = 2;

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const done = (yes: boolean) => (): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", done(true));
    socket.once("error", done(false));
  });

/** Resolves when somebody listens there; rejects when `given` says that nobody will. */
export const listening = async (port: number, given: Promise<string>): Promise<void> => {
  const over: string[] = [];
  void given.then((said) => over.push(said));
  while (!(await answers(port))) {
    if (over.length > 0) throw new Error(`nobody listens on port ${port}: ${over.join("")}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};
