// Taking results apart in specs, as the suites do it.
export { left, leftTag, right } from "../../suite/outcome.ts";
