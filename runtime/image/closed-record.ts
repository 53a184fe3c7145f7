// Codecs for hostile input. io-ts lets unknown fields pass and a missing one count as `undefined`; here a record
// has the fields it declares, all of them and no other.
import * as t from "io-ts";
import { E, pipe, type Either } from "../../lib/fp.ts";
import { malformed, type ImageError } from "./image-error.ts";

type Fields<P extends t.Props> = { readonly [K in keyof P]: t.TypeOf<P[K]> };

/** A record with exactly these fields. */
export const closedRecord = <P extends t.Props>(name: string, props: P): t.Type<Fields<P>, unknown> => {
  const open = t.type(props, name);
  const known = new Map<string, t.Mixed>(Object.entries(props));
  const wrongField = (record: object): string | undefined =>
    Object.keys(record).find((key) => !known.has(key)) ??
    [...known.keys()].find((key) => !Object.prototype.hasOwnProperty.call(record, key));
  return new t.Type<Fields<P>, unknown>(
    name,
    (input): input is Fields<P> => open.is(input) && wrongField(input) === undefined,
    (input, context) => {
      if (!t.UnknownRecord.is(input) || Array.isArray(input)) return t.failure(input, context);
      const key = wrongField(input);
      if (key === undefined) return open.validate(input, context);
      return t.failure(input[key], t.appendContext(context, key, known.get(key) ?? noSuchField));
    },
    t.identity,
  );
};

const noSuchField = new t.Type<never>(
  "no such field",
  (_input): _input is never => false,
  t.failure,
  t.identity,
);

/** A codec that is a predicate with a name for error messages. */
export const refined = <A>(name: string, holds: (input: unknown) => input is A): t.Type<A, unknown> =>
  new t.Type<A, unknown>(
    name,
    holds,
    (input, context) => (holds(input) ? t.success(input) : t.failure(input, context)),
    t.identity,
  );

/** What another codec accepts, if the predicate holds too. */
export const constrained = <A>(
  name: string,
  codec: t.Type<A, unknown>,
  holds: (value: A) => boolean,
): t.Type<A, unknown> =>
  new t.Type<A, unknown>(
    name,
    (input): input is A => codec.is(input) && holds(input),
    (input, context) =>
      pipe(
        codec.validate(input, context),
        E.flatMap((value) => (holds(value) ? t.success(value) : t.failure<A>(input, context))),
      ),
    t.identity,
  );

const shown = (value: unknown): string => {
  if (value === undefined) return "nothing";
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "a record";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

/** Decodes, and names the first place where the value is not what the codec expects. */
export const decodeClosed = <A>(
  codec: t.Type<A, unknown>,
  value: unknown,
  place: string,
): Either<ImageError, A> =>
  pipe(
    codec.decode(value),
    E.mapLeft((errors) => {
      const [error] = errors;
      const context = error?.context ?? [];
      const path = context.map(({ key }) => (key === "" ? "" : /^\d+$/.test(key) ? `[${key}]` : `.${key}`));
      return malformed(place + path.join(""), context.at(-1)?.type.name ?? codec.name, shown(error?.value));
    }),
  );
