// Closures, classes with private state, symbols, getters, bound functions and tagged templates across awaits.
import { component, Log, Timer } from "cryonode";

class Account {
  static opened = 0;
  #balance: bigint;
  readonly history: [string, bigint][] = [];
  constructor(initial: bigint) {
    this.#balance = initial;
    Account.opened++;
  }
  get balance(): bigint {
    return this.#balance;
  }
  async add(timer: { sleep(ms: number): Promise<void> }, by: bigint): Promise<this> {
    const before = this.#balance;
    await timer.sleep(1);
    this.#balance = before * 3n + by;
    this.history.push(["add", by]);
    return this;
  }
}

const tagged = (parts: TemplateStringsArray, ...values: (bigint | number)[]): string =>
  parts.raw.map((part, i) => `${part}<${String(values[i] ?? "")}>`).join("");

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const secret = Symbol("secret");
  const counters = [1, 2, 3].map((step) => {
    let n = 0;
    return { next: () => (n += step), [secret]: step };
  });
  const account = new Account(2n ** 70n);
  for (let round = 0; round < 3; round++) {
    for (const counter of counters) await log.write(`${counter[secret]}: ${counter.next()}`);
    await account.add(timer, BigInt(round));
    await log.write(tagged`round ${round} holds ${account.balance} \n`);
  }
  const bound = account.add.bind(account, timer);
  const { balance } = await bound(7n);
  await log.write(`${balance} ${Account.opened} ${account.history.length} ${secret.toString()}`);
});
