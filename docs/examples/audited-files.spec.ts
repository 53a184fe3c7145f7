// What every file provider owes its callers, tried on this one.
import { fileProviderSuite } from "cryonode/provider-suite";
import { memoryFiles } from "cryonode/runtime";
import { auditedFiles } from "./audited-files.ts";

describe("audited files, as every provider's", () =>
  fileProviderSuite({ setup: () => auditedFiles(memoryFiles({ name: "data" }), () => {}) }));
