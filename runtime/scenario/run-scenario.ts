// Runs a scenario to its verdict: starts its children on its hosts and takes its steps one after another.
import { E, type Either } from "../../lib/fp.ts";
import type { Compiled } from "../component/compile.ts";
import type { Child } from "../host/child.ts";
import type { HostEvent } from "../host/event.ts";
import type { StartConfig } from "../host/host-config.ts";
import { hostProse, type HostError } from "../host/host-error.ts";
import { LiveHost } from "../host/live-host.ts";
import type { Runtime } from "../host/runtime.ts";
import type { Diagnostic, Position } from "../diagnostic.ts";
import { ChildHistory } from "./child-history.ts";
import type { Outcome, Play } from "./play.ts";
import type { RunEvent, Verdict } from "./run-event.ts";
import type { Scenario } from "./scenario.ts";
import type { StartSpec } from "./schema-start.ts";
import type { Step } from "./schema-step.ts";
import { Standstill } from "./standstill.ts";
import { judge, type Failure } from "./step/expect.ts";
import { perform } from "./step/perform.ts";
import { stepProse } from "./step-error.ts";
import { Wait } from "./wait.ts";

export interface RunOptions {
  readonly scenario: Scenario;
  /** What its components compiled to, by their files. */
  readonly compiled: ReadonlyMap<string, Compiled>;
  /** Its state directory is where images named without a path lie. */
  readonly runtime: Runtime;
  /** Told of all that happens, the verdict last. */
  readonly report: (event: RunEvent) => void;
  /** Ends the run early. Default: never. */
  readonly signal?: AbortSignal;
}

const expectsFailure = (step: Step): boolean =>
  step.step === "expect" && (step.expect.kind === "error" || step.expect.kind === "denied");

const startConfig = ({ name, component, ram, caps, config, routes, turn }: StartSpec): StartConfig => ({
  name,
  component,
  ram,
  caps,
  config,
  routes,
  turn,
});

class Run implements Play {
  readonly scenario: Scenario;
  readonly state: string;
  readonly runtime: Runtime;
  readonly hosts: ReadonlyMap<string, LiveHost>;
  readonly standstill: Standstill;
  readonly signal: AbortSignal;
  readonly #compiled: ReadonlyMap<string, Compiled>;
  readonly #report: (event: RunEvent) => void;
  readonly #histories = new Map<string, ChildHistory>();
  readonly #places = new Map<string, LiveHost>();
  readonly #listeners = new Set<() => void>();
  #over = false;
  #closed: Promise<unknown> | null = null;

  constructor({ scenario, compiled, runtime, report, signal }: RunOptions) {
    this.scenario = scenario;
    this.state = runtime.state;
    this.runtime = runtime;
    this.signal = signal ?? new AbortController().signal;
    this.#compiled = compiled;
    this.#report = report;
    this.standstill = new Standstill((name) => {
      const found = this.found(name)?.child;
      return found !== undefined && found.ending === null ? found : null;
    });
    const hosts = new Map<string, LiveHost>();
    for (const config of scenario.hosts) {
      const host: LiveHost = new LiveHost({
        config,
        runtime,
        emit: (event) => this.#happened(event),
        beforeGo: (child) => {
          this.#places.set(child.name, host);
          return this.standstill.born(child);
        },
      });
      hosts.set(config.name, host);
    }
    this.hosts = hosts;
  }

  history(child: string): ChildHistory {
    const known = this.#histories.get(child) ?? new ChildHistory();
    this.#histories.set(child, known);
    return known;
  }

  found(name: string): { readonly host: LiveHost; readonly child: Child } | null {
    const host = this.#places.get(name);
    const child = host?.child(name);
    return host === undefined || child === undefined ? null : { host, child };
  }

  entry(name: string): { readonly config: StartConfig; readonly on: string } | null {
    const spec = this.scenario.start.find((each) => each.name === name);
    return spec === undefined ? null : { config: startConfig(spec), on: spec.on };
  }

  async begin(name: string): Promise<Either<HostError, Child>> {
    const { config, on } = this.entry(name)!;
    if (this.found(name)?.child.ending === null) return E.left({ tag: "AlreadyRunning", child: name });
    const { code, name: file, hash, sourceMap } = this.#compiled.get(config.component)!;
    return this.hosts.get(on)!.startCompiled(config, code, { file, hash, sourceMap });
  }

  listen(happened: () => void): () => void {
    this.#listeners.add(happened);
    return () => void this.#listeners.delete(happened);
  }

  tell(event: HostEvent): void {
    this.#happened(event);
  }

  #happened(event: HostEvent): void {
    if (this.#over) return;
    const history = this.history(event.child);
    if (event.event === "log") history.logged(event.text);
    else if (event.event === "exited") history.endings.push({ kind: "exited", code: event.code });
    else if (event.event === "faulted")
      history.endings.push({ kind: "faulted", reason: event.reason, at: event.at });
    else if (event.event === "denied") history.denied.add(event.service);
    this.standstill.happened(event.child);
    this.#report(event);
    for (const listener of [...this.#listeners]) listener();
  }

  #place({ line, column }: Position): string {
    return `${this.scenario.file}:${line}:${column}`;
  }

  /** The first waiting step from `index` on is what children are watched for from now. */
  #lookAhead(steps: readonly Step[], index: number): void {
    const next = steps.slice(index).find((step) => step.step === "until");
    this.standstill.await(next === undefined ? null : new Wait(next, this.history(next.child)));
  }

  async play(): Promise<Verdict> {
    const steps = this.scenario.steps ?? [];
    const verdict = (done: number, failed: { at: Position; reason: string } | null): Verdict => ({
      ok: failed === null && !this.signal.aborted,
      scenario: this.scenario.title,
      steps: done,
      at: failed === null || this.signal.aborted ? null : this.#place(failed.at),
      reason: this.signal.aborted ? "interrupted" : (failed?.reason ?? ""),
      interrupted: this.signal.aborted,
    });
    this.#lookAhead(steps, 0);
    for (const { name, later, at } of this.scenario.start) {
      if (later || this.signal.aborted) continue;
      const begun = await this.begin(name);
      if (E.isLeft(begun)) return verdict(0, { at, reason: hostProse(begun.left) });
    }
    let failure: (Failure & { expected: boolean }) | null = null;
    for (const [index, step] of steps.entries()) {
      if (this.signal.aborted) return verdict(index, null);
      if (failure !== null && !failure.expected && !expectsFailure(step)) break;
      if (!expectsFailure(step)) failure = null;
      this.#lookAhead(steps, index);
      const { source: text, at } = step;
      this.#report({ event: "step", step: index + 1, kind: step.step, text, at: this.#place(at) });
      const outcome: Outcome =
        step.step === "expect" ? judge(step.expect, failure, this) : await perform(step, this);
      const reason = E.isLeft(outcome) ? stepProse(outcome.left) : "";
      if (step.step === "expect") {
        this.#report({ event: "expect", step: index + 1, ok: E.isRight(outcome), reason });
        if (E.isLeft(outcome)) return verdict(index, { at, reason });
        if (failure !== null) failure.expected = true;
      } else if (E.isLeft(outcome)) {
        failure = { step, error: outcome.left, expected: false };
        this.#report({ event: "failed", step: index + 1, kind: step.step, reason });
      }
    }
    if (failure === null || failure.expected) return verdict(steps.length, null);
    return verdict(steps.indexOf(failure.step), { at: failure.step.at, reason: stepProse(failure.error) });
  }

  /** Drops whoever still lives; nothing of that is told. */
  close(): Promise<unknown> {
    this.#over = true;
    return (this.#closed ??= Promise.all([...this.hosts.values()].map((host) => host.close())));
  }
}

/** The host and what keeps one of its providers from being made; throws on what is no failure of the system's. */
const unmakeable = ({ file }: Scenario, error: unknown): Diagnostic => {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) throw error;
  return {
    file,
    line: 1,
    column: 1,
    message: `a provider can't be made: ${syscall} of ${path ?? "it"} failed with ${code}`,
  };
};

/** Runs a scenario that has steps. Left: a provider can't be made, and nothing was started. */
export const runScenario = async (options: RunOptions): Promise<Either<Diagnostic, Verdict>> => {
  const made = E.tryCatch(
    () => new Run(options),
    (error) => unmakeable(options.scenario, error),
  );
  if (E.isLeft(made)) return made;
  const run = made.right;
  // A freeze or revival under way fails when its child is dropped: the run need not wait for it.
  const stop = (): void => void run.close();
  run.signal.addEventListener("abort", stop);
  try {
    const verdict = await run.play();
    await run.close();
    options.report({ event: "verdict", ...verdict });
    return E.right(verdict);
  } finally {
    run.signal.removeEventListener("abort", stop);
    await run.close();
  }
};
