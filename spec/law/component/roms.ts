// ROMs that change while they are read, and reports that others would read.
import { component, Log, Report, Rom } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const report = await env.session(Report, { label: "state" });
  const rom = await env.session(Rom, { label: "input" });
  await report.submit({ seen: 0 });
  for (let i = 1; i <= 3; i++) {
    await log.write(`${await rom.text()} of version ${await rom.version()}`);
    const version = await rom.changed();
    await report.submit(`version ${version}`);
  }
  const { from } = (await rom.json()) as { from: string };
  await report.submit(new TextEncoder().encode(`the end, ${from}`));
  await log.write(JSON.stringify(await env.config()));
  await rom.close();
  await rom.text().catch((error: unknown) => log.write(String(error)));
});
