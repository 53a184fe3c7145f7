// What programs import as `cryonode/provider-suite`: the specs that every provider owes its callers, as functions. They
// are called within a `describe`, and need `mocha`'s globals and `chai`, which this package does not bring along.
export { fileProviderSuite, type FileProviderSetup } from "./file-provider.ts";
export { gateProviderSuite, type GatePeer, type GateProviderSetup } from "./gate-provider.ts";
export { left, leftTag, right } from "./outcome.ts";
