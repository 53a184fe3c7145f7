// RM, served: attaches dataspaces, those of others among them.
import { E } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import { selectorBehind } from "../../lib/selector.ts";
import { Dataspace } from "../../lib/session/ram.ts";
import { Rm } from "../../lib/session/rm.ts";
import { memoryBehind } from "./dataspace.ts";
import type { Accounts } from "./ram.ts";
import { END_ADDRESS, FIRST_ADDRESS, isRegion, REGION_ALIGNMENT, type RegionMap } from "./region-map.ts";
import { remoteBehind } from "./remote-object.ts";
import type { CoreObject, Serving } from "./service.ts";

const closed: SessionError = { tag: "Closed", what: "the dataspace" };

/** Another component may serve the contract with an object of its own: there is no memory behind that. */
const noDataspace = ({ contract }: CoreObject): SessionError => ({
  tag: "InvalidArgument",
  method: "RM.attach",
  place: "argument 0",
  expected: "a dataspace that a RAM session allocated",
  actual: `a ${contract.service} that a component serves`,
});

export const makeRm = (accounts: Accounts, map: RegionMap): Serving<typeof Rm> => ({
  contract: Rm,
  attach(dataspace, options) {
    const object = accounts.object(selectorBehind(dataspace));
    const memory = memoryBehind(object);
    if (memory === undefined && object?.contract.service === Dataspace.service)
      return E.left(noDataspace(object));
    if (memory === undefined || memory.sharing?.gone === true) return E.left(closed);
    const refused = remoteBehind(object)?.closed ?? null;
    if (refused !== null) return E.left(refused);
    const at = options?.at;
    const address = map.place(memory.bytes, at);
    if (address === null)
      return E.left({
        tag: "InvalidArgument",
        method: "RM.attach",
        place: "at",
        expected: `a free address, a multiple of ${REGION_ALIGNMENT} from ${FIRST_ADDRESS} to ${END_ADDRESS}`,
        actual: at === undefined ? "none left" : String(at),
      });
    const { quota, used } = accounts.ram();
    if (memory.bytes > quota - used)
      return E.left({ tag: "QuotaExceeded", resource: "ram", wanted: memory.bytes, available: quota - used });
    const region = map.attach(memory, address);
    const fetched = accounts.fetch(memory);
    if (fetched === null) return E.right(region);
    return fetched.then((error) => {
      if (error === null) return E.right(region);
      void region.life?.release?.();
      return E.left(error);
    });
  },
  detach: (region) =>
    isRegion(accounts.object(selectorBehind(region)))
      ? E.right(undefined)
      : E.left({ tag: "Closed", what: "the region" }),
});
