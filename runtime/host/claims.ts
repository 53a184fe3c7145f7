// Which images of a state directory are used up: one small file each, made by the revival that used it. Making
// the file is the claim, so of two revivals at once one gets it.
import { mkdir, open, unlink } from "node:fs/promises";
import { join } from "node:path";

const pathOf = (state: string, image: string): string => join(state, "claims", image);

export interface Claim {
  /** Gives the image back: the revival came to nothing. */
  withdraw(): Promise<void>;
}

/** Claims the image with this id for a revival; null where it is used up. */
export const claim = async (state: string, image: string, text: string): Promise<Claim | null> => {
  await mkdir(join(state, "claims"), { recursive: true, mode: 0o700 });
  const path = pathOf(state, image);
  try {
    const file = await open(path, "wx", 0o600);
    await file.writeFile(`${text}\n`);
    await file.sync();
    await file.close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return null;
    throw error;
  }
  return { withdraw: () => unlink(path) };
};
