// Mocha's own report, with the count as the very last line of the process: `N passed, N failed`.

import Mocha from "mocha";

/** Named in `.mocharc.json`. */
export default class Reporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    process.once("exit", () => {
      console.log(`${this.stats.passes} passed, ${this.stats.failures} failed`);
    });
  }
}
