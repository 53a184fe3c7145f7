// A dataspace that another child handed over. Its capability is a link like any other; its memory is here, or can be.
import { E } from "../../lib/fp.ts";
import { Dataspace } from "../../lib/session/ram.ts";
import { bindMemory, type DataspaceMemory } from "./dataspace.ts";
import type { Remote } from "./remote.ts";
import { remoteContract } from "./remote-contract.ts";
import { bindRemote } from "./remote-object.ts";
import type { CoreObject, Serving } from "./service.ts";

/** `dismissed`: the component has given it up. */
export const makeRemoteDataspace = (
  remote: Remote,
  memory: DataspaceMemory,
  dismissed: () => void,
): CoreObject => {
  const object: Serving<typeof Dataspace> = {
    contract: remoteContract(Dataspace.service, true) as typeof Dataspace,
    size: () => (remote.closed === null ? E.right(memory.bytes) : E.left(remote.closed)),
    life: { capture: () => E.right(remote.position()), dismissed },
  };
  bindRemote(object, remote);
  bindMemory(object, memory);
  return object;
};
