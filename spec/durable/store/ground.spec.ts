import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LmdbGround } from "../../../runtime/durable/store/lmdb-ground.ts";
import { MemoryGround } from "../../../runtime/durable/store/memory-ground.ts";
import { right } from "../../image/either.ts";
import { groundSuite } from "./ground.suite.ts";

describe("a ground in memory", () => {
  groundSuite(
    async () => new MemoryGround("memory"),
    async () => {},
  );
});

describe("a ground on disk", () => {
  let folder = "";
  groundSuite(
    async () => {
      folder = await mkdtemp(join(tmpdir(), "cryonode-ground-"));
      return right(await LmdbGround.open(join(folder, "store.lmdb")));
    },
    () => rm(folder, { recursive: true, force: true }),
  );
});
