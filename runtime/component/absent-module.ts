// Why a module of Node's is not there for a component, and what a component asks for instead.

const hints: Readonly<Record<string, string>> = {
  fs: "a component has no file system of its own; request a File_system session",
  net: "a component has no network of its own; request a Gate session",
  http: "a component has no network of its own; request a Gate session",
  timers: "time belongs to its Timer route; request a Timer session, or use the global setTimeout",
  crypto: "use the global crypto.getRandomValues and crypto.randomUUID",
  worker_threads: "threads belong to its cpu session; use env.cpu.thread",
  process: "it has no environment and no process; use env.config() and env.exit(code)",
  console: "use the global console, which writes to its LOG session",
  url: "use the global URL",
  util: "use the globals TextEncoder, TextDecoder and structuredClone",
  perf_hooks: "use the global performance",
};

const sameAs: Readonly<Record<string, string>> = {
  https: "http",
  http2: "http",
  tls: "net",
  dgram: "net",
  dns: "net",
};

/** For any name that Node calls a builtin, `node:` in front or not. */
export const absentModule = (specifier: string): string => {
  const top = specifier.replace(/^node:/, "").split("/")[0] ?? "";
  const hint = hints[sameAs[top] ?? top] ?? "it sees the language and what `env` gives";
  return `\`${specifier}\` is not there for a component: ${hint}`;
};
