// The module that `import … from "cryonode"` means inside a component: every public name, taken from the guest
// library that is already in the machine, so that no component carries a copy of it.

/** The public names of `cryonode`. */
export const guestNames = async (): Promise<readonly string[]> =>
  Object.keys(await import("../../lib/index.ts"));

/** The module's text. Names that a component doesn't import cost it nothing: their bindings are pure. */
export const guestModule = (names: readonly string[]): string =>
  [
    "const take = (name) => globalThis.__cryonode.exports[name];",
    ...names
      .filter((name) => name !== "default")
      .map((name) => `export const ${name} = /* @__PURE__ */ take(${JSON.stringify(name)});`),
  ].join("\n");
