// A process of its own whose disk takes no more at some time: `node make-full.js FOLDER`. Says when and how, and
// whether everything that was acknowledged is there.
import { E } from "../../../lib/fp.ts";
import { openLmdbStore } from "../../../runtime/durable/store/lmdb-store.ts";
import { right } from "../../image/either.ts";
import { noise } from "../../image/sample-image.ts";
import { bases, checkpoint, equal, identity, page } from "./sample.ts";

const [folder] = process.argv.slice(2) as [string];
const store = right(await openLmdbStore(folder, { bases }));
const memoryAt = (n: number): Uint8Array => noise(page, n);
let n = 1;
for (; ; n++) {
  const put = await store.put(checkpoint({ identity: identity(n), memory: memoryAt(n) }));
  if (E.isRight(put)) continue;
  const error = put.left;
  const place = "path" in error && "step" in error ? `${error.path} ${error.step}` : "";
  console.log(`full after ${n - 1}: ${error.tag} ${place}`);
  break;
}
let there = 0;
for (let i = 1; i < n; i++) if (equal(right(await store.read(identity(i))).memory, memoryAt(i))) there += 1;
console.log(
  there === n - 1 && right(await store.component(identity(n))) === null ? "all there" : "lost some",
);
await store.close();
