// LOG and Report, intercepted: they hold nothing beyond the session itself.
import { Log } from "../../lib/session/log.ts";
import { Report } from "../../lib/session/report.ts";
import { interceptor } from "./interceptor.ts";

export const logInterceptor = interceptor(Log, { record: {}, outside: { write: "effect" } });

export const reportInterceptor = interceptor(Report, { record: {}, outside: { publish: "effect" } });
