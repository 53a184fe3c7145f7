// Tells a foreign server numbered things and waits for each to be confirmed; says it again where nothing comes back.
import { component, Gate, Log, Timer } from "cryonode";

export default component(async (env) => {
  const { upTo } = (await env.config()) as { upTo: number };
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const line = await env.session(Gate, { label: "line" });
  let confirmed = 0;
  let wake = (): void => {};
  const listen = async (): Promise<void> => {
    while (confirmed < upTo) {
      const answer = String(await line.receive());
      const number = Number(answer.replace("ok ", ""));
      if (number > confirmed) confirmed = number;
      wake();
    }
  };
  const listening = listen();
  for (let n = 1; n <= upTo; n++) {
    const isConfirmed = (): boolean => confirmed >= n;
    while (!isConfirmed()) {
      await line.send(`say ${n}`);
      const woken = new Promise<void>((resolve) => (wake = resolve));
      if (!isConfirmed()) await Promise.race([woken, timer.sleep(400)]);
    }
  }
  await listening;
  await log.write("done");
});
