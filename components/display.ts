// Shows each new version of a ROM on its log. Whose content that is, the routes decide.
import { component, Log, Rom } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const shown = await env.session(Rom, { label: "shown" });
  for (;;) {
    const text = await shown.text();
    if (text !== "") await log.write(text);
    await shown.changed();
  }
});
