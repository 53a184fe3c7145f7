// The suite of every gate provider, where the specs look for it.
export { gateProviderSuite, type GatePeer } from "../../../suite/gate-provider.ts";
