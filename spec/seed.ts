// Properties draw the same examples in every run, so that a run can be told from the one before by its change alone.
// `SEED=random` (or a number) draws others; a failure names its seed.
import * as fc from "fast-check";

const wanted = process.env["SEED"] ?? "20260101";

fc.configureGlobal({
  ...(wanted === "random" ? {} : { seed: Number(wanted) }),
  // Reports from parallel jobs would leave out the cause.
  includeErrorInReport: true,
});
