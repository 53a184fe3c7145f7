// One of two who write to each other, and don't wait for an answer to each letter. Between gates with `peer: cryonode`
// it need not ask what became of its letters, whoever of the two is frozen meanwhile.
import { component, Gate, Log } from "cryonode";

interface Config {
  readonly name: string;
  /** How many letters each of the two writes. */
  readonly letters: number;
  /** How many it may have written more than it has read. */
  readonly ahead: number;
}

export default component(async (env) => {
  const { name, letters, ahead } = await env.config<Config>();
  const log = await env.session(Log);
  const gate = await env.session(Gate, { label: "post" });
  let received = 0;
  let goOn = (): void => {};
  const write = async (): Promise<void> => {
    for (let n = 1; n <= letters; n++) {
      const isAhead = (): boolean => n > received + ahead;
      while (isAhead()) await new Promise<void>((resolve) => (goOn = resolve));
      await gate.send(`${name} ${n}`);
    }
  };
  const read = async (): Promise<void> => {
    while (received < letters) {
      await log.write(String(await gate.receive()));
      received += 1;
      goOn();
    }
  };
  await Promise.all([write(), read()]);
});
