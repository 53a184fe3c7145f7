// What Cryonode itself adds to a component's code is called in source maps and in esbuild's messages.

/** The two statements, which no one wrote, that import a component and start it. */
export const startFile = ".cryonode-start.js";

/** Opens the name of everything that comes from Cryonode's installation: `cryonode:io-ts/es6/index.js`. */
export const ownNamespace = "cryonode";
