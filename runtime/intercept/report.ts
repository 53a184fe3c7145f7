// Report, intercepted: what it published last is its position.
import { Report } from "../../lib/session/report.ts";
import { NOTHING_PUBLISHED, published, ReportPosition } from "../core/report.ts";
import { interceptor } from "./interceptor.ts";

export const reportInterceptor = interceptor(Report, {
  position: ReportPosition,
  record: {},
  outside: { publish: "effect" },
  moves: {
    from: NOTHING_PUBLISHED,
    by: (position: ReportPosition, { method, args }) =>
      method === "publish" ? published(args[0] as string | Uint8Array) : position,
  },
});
