// A process of its own that revives an image: `node make-revived.js STATE DATA IMAGE`. Prints the child's log, or
// the tag of what it was refused with.
import { Host, HostFailure } from "../../runtime/index.ts";
import { ALL } from "./stage.ts";

const [state, directory, image] = process.argv.slice(2) as [string, string, string];
const host = await Host.open({ state, files: { data: { directory } } });
host.on("log", ({ text }) => console.log(text));
try {
  await (
    await host.revive(image, { routes: ALL })
  ).ended;
} catch (error) {
  if (!(error instanceof HostFailure)) throw error;
  console.log(error.facts.tag);
}
await host.close();
