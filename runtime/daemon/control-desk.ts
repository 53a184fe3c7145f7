// What a request over the control socket has done at the host.
import { E, type Either } from "../../lib/fp.ts";
import { VERSION, type Refusal } from "./control-protocol.ts";
import type { Serve } from "./control-server.ts";
import { refusalOf, type DurableError } from "./durable-error.ts";
import type { DurableHost } from "./durable-host.ts";
import type { HostReport } from "./entry-report.ts";

export interface ControlDeskOptions {
  /** The host's name. */
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  /** Resolves when the host is open. */
  readonly host: Promise<DurableHost>;
  /** Ends the host; resolves when everything is at rest. */
  readonly stop: () => Promise<unknown>;
}

type Result = Promise<Either<DurableError, unknown>>;

/** What there is nothing to say of but that it is done: in JSON, that is null. */
const done = E.map(() => null);

const answer = async (result: Result): Promise<Either<Refusal, unknown>> =>
  E.mapLeft(refusalOf)(await result);

/** Answers who is there at once, and everything else when the host is open. */
export const controlDesk = ({ name, file, host: opening, stop }: ControlDeskOptions): Serve => {
  const { pid } = process;
  const on = async (act: (host: DurableHost) => Result): Promise<Either<Refusal, unknown>> =>
    answer(act(await opening));
  const serve = async (...[request, tell, gone]: Parameters<Serve>): Promise<Either<Refusal, unknown>> => {
    switch (request.command) {
      case "hello":
        return E.right({ version: VERSION, host: name, pid, file });
      case "ps": {
        const report: HostReport = { host: name, pid, file, entries: [...(await (await opening).list())] };
        return E.right(report);
      }
      case "start":
        return on((host) => host.start(request.name));
      case "freeze":
        return on((host) => host.freeze(request.name, request.image));
      case "checkpoint":
        return on((host) => host.checkpoint(request.name, request.image));
      case "revive":
        return on((host) => host.revive(request.name));
      case "kill":
        return on((host) => host.kill(request.name));
      case "replace":
        return on((host) => host.replace(request.name, request.component));
      case "export":
        return on((host) => host.export(request.name, request));
      case "import":
        return on((host) => host.import(request.file, request.as));
      case "call": {
        const { name: child, service, label, method, args, within } = request;
        return on((host) => host.call({ child, service, label, method, args, within }));
      }
      case "migrate": {
        const { name: child, with: others, to, precopy, pause, rounds } = request;
        const options = {
          precopy,
          ...(pause === null ? {} : { pause }),
          ...(rounds === null ? {} : { rounds }),
        };
        return on(async (host) => {
          const all = [child, ...others.filter((other) => other !== child)];
          const events = await host.migrate(all, to, options, gone, tell);
          if (E.isLeft(events))
            return events.left.tag === "Migrate" ? E.left({ ...events.left, stays: all }) : events;
          for (const event of events.right.slice(1)) tell(event);
          return E.right(events.right[0]);
        });
      }
      case "fetch": {
        const { name: child, with: others, from } = request;
        return on(async (host) => {
          const all = [child, ...others.filter((other) => other !== child)];
          const events = await host.fetch(all, from, gone);
          if (E.isLeft(events)) return events;
          for (const event of events.right.slice(1)) tell(event);
          return E.right(events.right[0]);
        });
      }
      case "initialize":
        return on((host) => host.initialize(request.name, request.on));
      case "abort":
        return on((host) => Promise.resolve(done(host.abort(request.name))));
      case "resolve":
        return on(async (host) => done(await host.resolve(request.name)));
      case "drain":
        return on((host) => host.drain(request.to, request.most, gone, tell));
      case "halt":
        return on((host) => Promise.resolve(done(host.halt(request.to))));
      case "stop":
        await opening;
        return E.right(await stop());
    }
  };
  return serve;
};
