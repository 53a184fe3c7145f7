// The one place that spells fp-ts paths: under ESM only the `lib/*.js` spelling works in plain Node.
export * as E from "fp-ts/lib/Either.js";
export * as TE from "fp-ts/lib/TaskEither.js";
export { pipe } from "fp-ts/lib/function.js";
export type { Either } from "fp-ts/lib/Either.js";
