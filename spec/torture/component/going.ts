// Whether there is more to do: until somebody puts a file called `stop` into the folder of controls. Asked now and then.
import type { FileSystem } from "cryonode";

export const going = (control: FileSystem, every: number): ((n: number) => Promise<boolean>) => {
  return async (n) => n % every !== 0 || !(await control.list("")).some(({ name }) => name === "stop");
};
