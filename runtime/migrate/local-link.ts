// A link between two hosts of one process. They share a key, so there is nobody to authenticate, and no network: what is
// said is the same.
import { Duplex } from "node:stream";

/** Two ends; what is written to one arrives at the other. */
export const duplexPair = (): readonly [Duplex, Duplex] => {
  const made: Duplex[] = [];
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {
        // What comes is pushed.
      },
      write(chunk: Buffer, _encoding, done) {
        // A copy: it may change as soon as it counts as written.
        other().push(Buffer.from(chunk));
        // In the next round of the event loop, as from a socket.
        setImmediate(done);
      },
      final(done) {
        other().push(null);
        done();
      },
      destroy(error, done) {
        const there = other();
        if (!there.destroyed) setImmediate(() => there.destroy());
        done(error);
      },
    });
  made.push(
    end(() => made[1]!),
    end(() => made[0]!),
  );
  return [made[0]!, made[1]!];
};
