// Tells a foreign server numbered things and waits for each to be confirmed; says it again where nothing comes back.
import { component, FileSystem, Gate, Log, Timer } from "cryonode";
import { going } from "./going.ts";

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const goes = going(await env.session(FileSystem, { label: "control" }), 10);
  const line = await env.session(Gate, { label: "line" });
  let confirmed = 0;
  let wake = (): void => {};
  const listen = async (): Promise<void> => {
    for (;;) {
      const answer = String(await line.receive());
      if (answer === "ok 0") return;
      const number = Number(answer.replace("ok ", ""));
      if (number > confirmed) confirmed = number;
      wake();
    }
  };
  const listening = listen();
  let n = 0;
  while (await goes(n)) {
    n += 1;
    const isConfirmed = (): boolean => confirmed >= n;
    while (!isConfirmed()) {
      await line.send(`say ${n}`);
      const woken = new Promise<void>((resolve) => (wake = resolve));
      if (!isConfirmed()) await Promise.race([woken, timer.sleep(400)]);
    }
  }
  const heard = listening.then(() => true);
  const late = (): Promise<boolean> => timer.sleep(400).then(() => false);
  do await line.send("say 0");
  while (!(await Promise.race([heard, late()])));
  await log.write(`done ${n}`);
});
