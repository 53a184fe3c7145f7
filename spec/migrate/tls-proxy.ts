// Stands between two hosts and passes on what they say, record by record of TLS: whoever holds it can do something at any
// record, and can cut the link there. What is in them it can't see.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** From the one who called, or to it. */
export type Way = "out" | "back";

/** `bytes`: of the record, its header included. */
export type Watcher = (way: Way, bytes: number) => Promise<boolean>;

export interface TlsProxy {
  readonly port: number;
  /** Called before each record is passed on, which waits for it; false cuts the connection there. */
  watch(record: Watcher | null): void;
  close(): void;
}

const HEADER_BYTES = 5;

/** Cuts a stream into records, of which each has its length in its header. */
const records = (): ((arrived: Buffer) => Buffer[]) => {
  let rest: Buffer = Buffer.alloc(0);
  return (arrived) => {
    rest = Buffer.concat([rest, arrived]);
    const whole: Buffer[] = [];
    while (rest.length >= HEADER_BYTES && rest.length >= HEADER_BYTES + rest.readUInt16BE(3)) {
      const end = HEADER_BYTES + rest.readUInt16BE(3);
      whole.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    return whole;
  };
};

/** `target`: the port that it leads to, asked for at each connection. */
export const tlsProxy = (target: () => number): Promise<TlsProxy> => {
  let watcher: Watcher | null = null;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: "127.0.0.1", port: target() });
    const cut = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const [way, from, to] of [
      ["out", near, far],
      ["back", far, near],
    ] as const) {
      sockets.add(from);
      const cutter = records();
      let last: Promise<void> = Promise.resolve();
      from.on("data", (arrived: Buffer) => {
        for (const record of cutter(arrived))
          last = last.then(async () => {
            const goes = (await watcher?.(way, record.length)) ?? true;
            if (!goes) cut();
            else if (!to.destroyed) to.write(record);
          });
      });
      from.on("error", cut);
      from.on("close", () => {
        sockets.delete(from);
        void last.then(() => to.end());
      });
    }
  });
  return new Promise((resolve) => {
    server.listen({ host: "127.0.0.1", port: 0 }, () =>
      resolve({
        port: (server.address() as AddressInfo).port,
        watch: (record) => {
          watcher = record;
        },
        close: () => {
          for (const socket of sockets) socket.destroy();
          server.close();
        },
      }),
    );
  });
};
