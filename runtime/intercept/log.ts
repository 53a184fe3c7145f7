// LOG, intercepted: it holds nothing beyond the session itself.
import { Log } from "../../lib/session/log.ts";
import { interceptor } from "./interceptor.ts";

export const logInterceptor = interceptor(Log, { record: {}, outside: { write: "effect" } });
