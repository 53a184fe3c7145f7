// What the golden state directories of format 1 were made of: a host with one child that was alive when the host was
// killed, and one that was frozen. It must come up for ever, so nothing here changes.
import { fileURLToPath } from "node:url";

/** The state directory and the files of its children, as a host of that format left them. */
export const goldenState = (format: number): string =>
  fileURLToPath(new URL(`../../../spec/golden/state-v${format}`, import.meta.url));

const COUNTER = `import { component, FileSystem, Log, Timer } from "cryonode";
export default component(async (env) => {
  const { name } = (await env.config()) as { name: string };
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open(name + ".txt", { write: true, create: true, append: true });
  const seen = new Map<number, string>();
  for (let n = 1; n <= 30; n++) {
    seen.set(n, \`\${n}\`);
    await file.write(\`\${[...seen.values()].at(-1)}\\n\`);
    await log.write(\`count \${seen.size}\`);
    await timer.sleep(100);
  }
});
`;

const entry = (name: string): string => `  ${name}:
    component: ./counter.ts
    config: { name: ${name} }
    routes:
      - { service: LOG }
      - { service: Timer }
      - { service: File_system, label: data, to: data, policy: rebind }
`;

/** What lies beside the state directory. */
export const GOLDEN_FILES: Readonly<Record<string, string>> = {
  "counter.ts": COUNTER,
  "host.yaml": `scenario: what an earlier release kept
hosts:
  here:
    files:
      data: { directory: ./data }
start:
${entry("alive")}${entry("frozen")}`,
};
