// Whether somebody who lives elsewhere has a session with a child of this host: its start entry here says so, whatever its
// own host grants it.
import type { SessionError } from "../../lib/error.ts";
import { routeFor, type Route } from "../core/route.ts";
import type { StartConfig } from "../host/host-config.ts";

export const deniedSession = (service: string, label: string, reason: string): SessionError => ({
  tag: "Denied",
  ...{ service, label, reason },
});

/** Why it has none; null where its entry grants it one. `server`: whom it leads to; empty where that is not known. */
export const refusedFar = (
  config: StartConfig | undefined,
  {
    client,
    service,
    label,
    server,
  }: { readonly client: string; readonly service: string; readonly label: string; readonly server: string },
): SessionError | null => {
  const here = `the host of ${server === "" ? service : server}`;
  if (config === undefined) return deniedSession(service, label, `${here} has no start entry for ${client}`);
  const route: Route | null = routeFor(config.routes, service, label);
  if (route?.child === undefined || (server !== "" && route.child !== server))
    return deniedSession(service, label, `no route of ${client} leads to it on ${here}`);
  if (route.local === true) return deniedSession(service, label, `its route on ${here} says local: true`);
  return null;
};
