// What a component sees beyond the language itself.
import type { BootInfo } from "./abi.ts";

/** Called at boot, once it is known what the routes grant. */
export const install = (_info: BootInfo): void => {};
