// LOG and Report, intercepted: they hold nothing beyond the session itself.
import { Log } from "../../lib/session/log.ts";
import { Report } from "../../lib/session/report.ts";
import type { Interceptor } from "./interceptor.ts";

export const logInterceptor: Interceptor = { service: Log.service, record: {} };

export const reportInterceptor: Interceptor = { service: Report.service, record: {} };
