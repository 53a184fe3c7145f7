import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LmdbGround } from "../../../runtime/durable/store/lmdb-ground.ts";
import { openLmdbStore } from "../../../runtime/durable/store/lmdb-store.ts";
import { right } from "../../image/either.ts";
import { damageSuite } from "./damage.suite.ts";
import { historySuite } from "./history.suite.ts";
import { storeSuite, type StoreSetup } from "./store.suite.ts";

const setup = (): StoreSetup => {
  let folder = "";
  return {
    open: async (options) => {
      folder = await mkdtemp(join(tmpdir(), "cryonode-store-"));
      return right(await openLmdbStore(folder, options));
    },
    reopen: async (store, options, edit) => {
      await store.close();
      if (edit !== undefined) {
        const ground = right(await LmdbGround.open(join(folder, "store.lmdb")));
        edit(ground);
        await ground.close();
      }
      return right(await openLmdbStore(folder, options));
    },
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  };
};

describe("the store on disk", () => {
  storeSuite(setup());
  historySuite(setup());
  damageSuite(setup());
});
