import { MemoryGround } from "../../../runtime/durable/store/memory-ground.ts";
import { openMemoryStore } from "../../../runtime/durable/store/memory-store.ts";
import { right } from "../../image/either.ts";
import { damageSuite } from "./damage.suite.ts";
import { historySuite } from "./history.suite.ts";
import { storeSuite, type StoreSetup } from "./store.suite.ts";

const setup = (): StoreSetup => {
  let ground = new MemoryGround("memory");
  return {
    open: async (options) => {
      ground = new MemoryGround("memory");
      return right(openMemoryStore(options, ground));
    },
    reopen: async (store, options, edit) => {
      await store.close();
      edit?.(ground);
      return right(openMemoryStore(options, ground));
    },
    cleanUp: async () => {},
  };
};

describe("the store in memory", () => {
  storeSuite(setup());
  historySuite(setup());
  damageSuite(setup());
});
