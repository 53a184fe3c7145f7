// Where session requests go: the parent's routes, and behind them what the host provides.
import type { Clock } from "../core/clock.ts";
import type { CoreObject, Eventually } from "../core/service.ts";
import type { SessionError } from "../../lib/error.ts";

export interface Router {
  /** Why the routes refuse such a session, or null where they allow it. Acquires nothing. */
  refusal(service: string, label: string): SessionError | null;
  /** What route and provider allow in such a session; null where the service knows no rights. */
  rights(service: string, label: string): ReadonlySet<string> | null;
  /** Opens a session, at a former one's position where there is one. `args` are the request's own, `clock` is
   *  its protection domain's. */
  open(
    service: string,
    label: string,
    args: unknown,
    position: unknown,
    clock: Clock,
  ): Eventually<CoreObject>;
  /** Where a session with another child leads; null where the host serves it. */
  child?(service: string, label: string): { readonly child: string; readonly patience: number | null } | null;
  /** The provider's name behind a route, for those who ask what was re-opened. */
  provider(service: string, label: string): string;
}
