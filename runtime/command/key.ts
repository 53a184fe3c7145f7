// `cryonode key`: the public half of the state directory's key, made at first use.
import { resolve } from "node:path";
import { E } from "../../lib/fp.ts";
import { disk } from "../image/disk.ts";
import { imageProse } from "../image/image-error.ts";
import { hostKey } from "../image/key.ts";
import type { Console } from "./console.ts";
import { OK, WRONG_INPUT, type ExitStatus } from "./exit-status.ts";

export const key = async (state: string, console: Console): Promise<ExitStatus> => {
  const signer = await hostKey(resolve(state), disk);
  if (E.isLeft(signer)) {
    console.complain(`cryonode: ${imageProse(signer.left)}`);
    return WRONG_INPUT;
  }
  console.print(signer.right.publicKey);
  return OK;
};
