// What every benchmark is: some rows, by the names under which `--only` picks them.
import type { Base } from "../runtime/engine/base.ts";
import type { Engine } from "../runtime/engine/wasm-module.ts";
import type { Row } from "./row.ts";

export interface BenchContext {
  readonly engine: Engine;
  readonly base: Base;
  /** How often each thing is measured. */
  readonly rounds: number;
}

export interface Bench {
  readonly name: string;
  run(context: BenchContext): Promise<Row>;
}
