// structuredClone: a deep copy that keeps cycles and shared references.

type Seen = Map<unknown, object>;

const refusal = (value: unknown): DOMException =>
  new DOMException(
    `${typeof value === "object" ? Object.prototype.toString.call(value) : String(value)} could not be cloned`,
    "DataCloneError",
  );

/** Classes whose instances are more than their properties and have no copy. */
const REFUSED =
  /^\[object (?:Promise|Weak\w+|FinalizationRegistry|SharedArrayBuffer|(?:Async)?Generator|.* Iterator)\]$/;

const errors = new Map<unknown, ErrorConstructor>(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((each) => [each.name, each]),
);

const viewPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** The array classes' own tag, which no instance can feign. */
const viewClass = (view: ArrayBufferView): typeof Uint8Array =>
  globalThis[Reflect.get(viewPrototype, Symbol.toStringTag, view) as "Uint8Array"];

const cloneError = (error: Error, seen: Seen): Error => {
  const message = String(error.message);
  if (error instanceof DOMException) {
    const made = new DOMException(message, error.name);
    seen.set(error, made);
    return made;
  }
  const made = new (errors.get(error.name) ?? Error)(message);
  seen.set(error, made);
  const hidden = (key: "stack" | "cause", value: unknown): void => {
    Object.defineProperty(made, key, { value, writable: true, configurable: true });
  };
  hidden("stack", error.stack);
  if (Object.hasOwn(error, "cause")) hidden("cause", clone(error.cause, seen));
  return made;
};

const cloneView = (view: ArrayBufferView, seen: Seen): object => {
  const buffer = clone(view.buffer, seen) as ArrayBuffer;
  if (view instanceof DataView) return new DataView(buffer, view.byteOffset, view.byteLength);
  return new (viewClass(view))(buffer, view.byteOffset, (view as Uint8Array).length);
};

/** A copy that is complete when it is made, or nothing where `value` has contents to go through. */
const cloneLeaf = (value: object, seen: Seen): object | undefined => {
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (value instanceof ArrayBuffer) return value.slice(0);
  if (ArrayBuffer.isView(value)) return cloneView(value, seen);
  const isBox = [Number, String, Boolean, BigInt, Symbol].some((each) => value instanceof each);
  return isBox ? (Object(clone(value.valueOf(), seen)) as object) : undefined;
};

const cloneContents = (value: object, seen: Seen): object => {
  if (value instanceof Error) return cloneError(value, seen);
  if (value instanceof Map) {
    const made = new Map();
    seen.set(value, made);
    for (const [key, held] of [...value]) made.set(clone(key, seen), clone(held, seen));
    return made;
  }
  if (value instanceof Set) {
    const made = new Set();
    seen.set(value, made);
    for (const held of [...value]) made.add(clone(held, seen));
    return made;
  }
  if (REFUSED.test(Object.prototype.toString.call(value))) throw refusal(value);
  const made: object = Array.isArray(value) ? Object.assign([], { length: value.length }) : {};
  seen.set(value, made);
  for (const key of Object.keys(value))
    Object.defineProperty(made, key, {
      value: clone((value as Record<string, unknown>)[key], seen),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  return made;
};

const clone = (value: unknown, seen: Seen): unknown => {
  if (typeof value === "function" || typeof value === "symbol") throw refusal(value);
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  const leaf = cloneLeaf(value, seen);
  if (leaf === undefined) return cloneContents(value, seen);
  seen.set(value, leaf);
  return leaf;
};

type Transferable = ArrayBuffer & { readonly detached?: boolean; transfer?(): ArrayBuffer };

/** Copies `value`. Buffers in `transfer` move to the copy and are left detached; on an error none is.
 *  Throws `DataCloneError` for functions, symbols, and what else has no copy. */
export const structuredClone = (
  value: unknown,
  options: { readonly transfer?: Iterable<unknown> } | null = {},
): unknown => {
  const buffers = [...(options?.transfer ?? [])] as Transferable[];
  if (buffers.length === 0) return clone(value, new Map());
  if (new Set(buffers).size < buffers.length) throw refusal(buffers);
  for (const buffer of buffers)
    if (!(buffer instanceof ArrayBuffer) || buffer.detached) throw refusal(buffer);
  const made = clone(value, new Map(buffers.map((buffer) => [buffer, buffer.slice(0)])));
  // Views of a detached buffer have lost their place, and what fails must leave the buffers where they are.
  for (const buffer of buffers) buffer.transfer?.();
  return made;
};
