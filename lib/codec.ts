// Codecs that io-ts lacks: bytes, and shapes that refuse unknown keys and unwanted arguments, because what a
// component sends is hostile until checked.
import * as t from "io-ts";

/** A `Uint8Array`, never anything that merely resembles one. */
export const bytes = new t.Type<Uint8Array>(
  "bytes",
  (u): u is Uint8Array => u instanceof Uint8Array,
  (u, c) => (u instanceof Uint8Array ? t.success(u) : t.failure(u, c)),
  t.identity,
);

const isText = (u: unknown): u is string => typeof u === "string" && !/\p{Surrogate}/u.test(u);

/** A name, label or path: a string without lone surrogates, so that every encoding carries it. */
export const text = new t.Type<string>(
  "text",
  isText,
  (u, c) => (isText(u) ? t.success(u) : t.failure(u, c)),
  t.identity,
);

const refined = (name: string, accepts: (n: number) => boolean): t.Type<number> => {
  const is = (u: unknown): u is number => typeof u === "number" && accepts(u);
  return new t.Type<number>(name, is, (u, c) => (is(u) ? t.success(u) : t.failure(u, c)), t.identity);
};

/** A count, size or offset: a whole number from 0 to 2^53 - 1. */
export const natural = refined("natural", (n) => Number.isSafeInteger(n) && n >= 0);

/** A duration in milliseconds: finite and not negative. */
export const duration = refined("duration", (n) => n >= 0 && n < Infinity);

/** A reading of some clock, in ms: finite. */
export const time = refined("time", Number.isFinite);

/** As many mistakes of a value are told: a hostile one may have millions. */
const MOST_ERRORS = 8;
/** Whether nothing changes between the inside and the wire. */
const isPlain = (codecs: readonly t.Mixed[]): boolean => codecs.every(({ encode }) => encode === t.identity);

type Fields = Readonly<Record<string, t.Mixed>>;
type Shape<R extends Fields, O extends Fields> = { readonly [K in keyof R]: t.TypeOf<R[K]> } & {
  readonly [K in keyof O]?: t.TypeOf<O[K]> | undefined;
};

/** An object with exactly these keys; `optional` ones may be missing or `undefined`. */
export const struct = <R extends Fields, O extends Fields = {}>(
  required: R,
  optional: O = {} as O,
  name = "struct",
): t.Type<Shape<R, O>> => {
  const plain = isPlain([...Object.values(required), ...Object.values(optional)]);
  const is = (u: unknown): u is Shape<R, O> => {
    if (typeof u !== "object" || u === null || Array.isArray(u)) return false;
    const record = u as Record<string, unknown>;
    for (const key in required)
      if (!Object.hasOwn(record, key) || !required[key]!.is(record[key])) return false;
    for (const key of Object.keys(record)) {
      if (Object.hasOwn(required, key)) continue;
      if (!Object.hasOwn(optional, key)) return false;
      if (record[key] !== undefined && !optional[key]!.is(record[key])) return false;
    }
    return true;
  };
  const validate = (u: unknown, c: t.Context): t.Validation<Shape<R, O>> => {
    if (plain && is(u)) return t.success(u);
    if (typeof u !== "object" || u === null || Array.isArray(u)) return t.failure(u, c);
    const record = u as Record<string, unknown>;
    const errors: t.Errors = [];
    const decoded: Record<string, unknown> = {};
    const check = (key: string, codec: t.Mixed): void => {
      const result = codec.validate(record[key], t.appendContext(c, key, codec, record[key]));
      if (result._tag === "Left") errors.push(...result.left.slice(0, MOST_ERRORS));
      else decoded[key] = result.right;
    };
    for (const key in required) check(key, required[key]!);
    for (const key of Object.keys(record)) {
      if (Object.hasOwn(required, key)) continue;
      if (errors.length >= MOST_ERRORS) break;
      if (!Object.hasOwn(optional, key))
        errors.push({ value: record[key], context: t.appendContext(c, key, t.never, record[key]) });
      else if (record[key] !== undefined) check(key, optional[key]!);
    }
    return errors.length > 0 ? t.failures(errors) : t.success(decoded as Shape<R, O>);
  };
  const encode = (value: Shape<R, O>): unknown => {
    const encoded: Record<string, unknown> = {};
    for (const [key, each] of Object.entries(value))
      if (each !== undefined) encoded[key] = (required[key] ?? optional[key])?.encode(each);
    return encoded;
  };
  return new t.Type<Shape<R, O>>(name, is, validate, plain ? t.identity : (encode as typeof t.identity));
};

type Positional<C extends readonly t.Mixed[]> = { [K in keyof C]: t.TypeOf<C[K]> };
type Trailing<C extends readonly t.Mixed[]> = { [K in keyof C]?: t.TypeOf<C[K]> | undefined };

/** An argument list: `required` ones, then `optional` ones that may be left out from the end. */
export const args = <const R extends readonly t.Mixed[], const O extends readonly t.Mixed[] = []>(
  required: R,
  optional: O = [] as unknown as O,
): t.Type<[...Positional<R>, ...Trailing<O>]> => {
  type Out = [...Positional<R>, ...Trailing<O>];
  const all = [...required, ...optional];
  const fits = (value: unknown, i: number): boolean =>
    (i >= required.length && (value === undefined || value === null)) || all[i]!.is(value);
  const is = (u: unknown): u is Out => {
    if (!Array.isArray(u) || u.length < required.length || u.length > all.length) return false;
    for (let i = 0; i < u.length; i++) if (!fits(u[i], i)) return false;
    return true;
  };
  const plain = isPlain(all);
  const validate = (u: unknown, c: t.Context): t.Validation<Out> => {
    if (plain && is(u)) return t.success(u);
    if (!Array.isArray(u) || u.length > all.length) return t.failure(u, c);
    const errors: t.Errors = [];
    const decoded: unknown[] = [];
    for (let i = 0; i < Math.max(u.length, required.length); i++) {
      if (i >= required.length && (u[i] === undefined || u[i] === null)) {
        decoded.push(undefined);
        continue;
      }
      const result = all[i]!.validate(u[i], t.appendContext(c, String(i), all[i]!, u[i]));
      if (result._tag === "Left") errors.push(...result.left.slice(0, MOST_ERRORS));
      else decoded.push(result.right);
    }
    return errors.length > 0 ? t.failures(errors) : t.success(decoded as Out);
  };
  const encode = (values: Out): unknown[] =>
    values.map((value, i) => (i >= required.length && value === undefined ? value : all[i]!.encode(value)));
  const name = `[${all.map((codec) => codec.name).join(", ")}]`;
  const codec = new t.Type<Out>(name, is, validate, plain ? t.identity : (encode as typeof t.identity));
  return Object.assign(codec, { arity: all.length });
};

/** An argument list of `first` ones and then any number of byte strings. */
export const message = <const F extends readonly t.Mixed[]>(
  first: F,
): t.Type<[...Positional<F>, ...Uint8Array[]]> => {
  type Out = [...Positional<F>, ...Uint8Array[]];
  const is = (u: unknown): u is Out =>
    Array.isArray(u) &&
    u.length >= first.length &&
    u.every((each, i) => (i < first.length ? first[i]!.is(each) : each instanceof Uint8Array));
  const name = `[${[...first.map((codec) => codec.name), "...bytes"].join(", ")}]`;
  const codec = new t.Type<Out>(name, is, (u, c) => (is(u) ? t.success(u) : t.failure(u, c)), t.identity);
  // Its calls always carry a list.
  return Object.assign(codec, { arity: 2 });
};
