// A durable host in a process of its own, to be killed: it starts or recovers the children that it is told of, prints a
// line for all that happens to them, and ends when all have ended, or its input has.
import { once } from "node:events";
import { E } from "../../lib/fp.ts";
import { compileComponent } from "../../runtime/component/compile.ts";
import { openKeeper } from "../../runtime/host/durable-folder.ts";
import type { HostConfig, StartConfig } from "../../runtime/host/host-config.ts";
import { LiveHost } from "../../runtime/host/live-host.ts";
import { startRuntime } from "../../runtime/host/runtime.ts";

export interface DurableJob {
  readonly state: string;
  readonly host: HostConfig;
  readonly children: readonly StartConfig[];
}

const job = JSON.parse(process.argv[2]!) as DurableJob;
const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
const must = <T>(value: { _tag: "Left"; left: unknown } | { _tag: "Right"; right: T }): T => {
  if (value._tag === "Right") return value.right;
  say({ failed: value.left });
  process.exit(3);
};

const runtime = must(await startRuntime(job.state, { threads: 1 }));
const { keeper, close } = must(await openKeeper(runtime, (child, text) => say({ warning: text, child })));
const host = new LiveHost({
  config: job.host,
  runtime,
  keeper,
  emit: (event) => {
    if (event.event !== "log" || event.kept !== true) say(event);
  },
});
const ended: Promise<unknown>[] = [];
for (const config of job.children) {
  const former = must(await keeper.former(config.name));
  const over = must(await keeper.roll.isOver(config.name));
  if (over) continue;
  if (former !== null) {
    const child = must(await host.recover(config, former));
    ended.push(child.ended.then(() => keeper.over(config.name, child.identity.identity)));
    continue;
  }
  const compiled = await compileComponent({ file: config.component, roots: ["/"] });
  if (E.isLeft(compiled)) throw new Error(JSON.stringify(compiled.left));
  const { code, name, hash, sourceMap } = compiled.right;
  const child = must(await host.startCompiled(config, code, { file: name, hash, sourceMap }));
  ended.push(child.ended.then(() => keeper.over(config.name, child.identity.identity)));
}
keeper.recovered();
process.stdin.resume();
await Promise.race([Promise.all(ended), once(process.stdin, "end")]);
await host.close();
await close();
await runtime.close();
process.exit(0);
