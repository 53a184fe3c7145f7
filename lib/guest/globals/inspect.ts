// Any value as text for people, much as Node shows it. Getters are named, not run, and nothing it meets makes
// it throw.

/** A method of this name shows its object itself, as in Node. */
export const custom = Symbol.for("nodejs.util.inspect.custom");

/** Items of an array, a map or a set that are shown. */
const ITEMS = 100;
/** Characters of a line before it is broken. */
const WIDTH = 72;
/** Characters up to which an array's items share a line. */
const SHORT = 16;

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

const quoted = (text: string): string =>
  text.includes("'") && !text.includes('"')
    ? JSON.stringify(text)
    : `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;

const classOf = (value: object): string | undefined => {
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const made: unknown = Object.getOwnPropertyDescriptor(at, "constructor")?.value;
    if (typeof made === "function" && typeof made.name === "string" && made.name !== "") return made.name;
  }
  return undefined;
};

const functionText = (value: Function): string => {
  const isClass = Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false;
  const parent = Object.getPrototypeOf(value) as { name?: unknown } | null;
  if (isClass && /^class\b/.test(Function.prototype.toString.call(value)))
    return `[class ${value.name || "(anonymous)"}${parent?.name ? ` extends ${String(parent.name)}` : ""}]`;
  return `[${classOf(value) ?? "Function"}${value.name ? `: ${value.name}` : " (anonymous)"}]`;
};

/** The engine's stacks are frames alone; the first line is added where nobody did. */
const errorText = (error: Error, name: string): string => {
  const called = error.name === "Error" ? name : String(error.name);
  const head = error.message === "" ? called : `${called}: ${error.message}`;
  const stack = typeof error.stack === "string" ? error.stack.trimEnd() : "";
  if (stack === "") return `[${head}]`;
  return stack.startsWith(head) ? stack : `${head}\n${stack}`;
};

const boxed = [Number, String, Boolean, BigInt, Symbol];

/** What stands for an object before its properties, if it isn't its properties alone. */
const baseOf = (value: object, name: string): string | undefined => {
  if (typeof value === "function") return functionText(value);
  if (value instanceof Error) return errorText(value, name);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  const box = boxed.find((each) => value instanceof each);
  return box && `[${box.name}: ${render(value.valueOf(), 0, [])}]`;
};

type Show = (value: unknown) => string;

const nameOf = (key: PropertyKey): string => {
  if (typeof key === "symbol") return `[${String(key)}]`;
  return IDENTIFIER.test(String(key)) ? String(key) : quoted(String(key));
};

const property = (value: object, key: PropertyKey, show: Show): string => {
  const held = Object.getOwnPropertyDescriptor(value, key)!;
  const name = nameOf(key);
  if ("value" in held) return `${name}: ${show(held.value)}`;
  return `${name}: [${[held.get && "Getter", held.set && "Setter"].filter(Boolean).join("/")}]`;
};

const properties = (value: object, show: Show): string[] => {
  const isError = value instanceof Error;
  const isList = Array.isArray(value) || Object.prototype.toString.call(value) === "[object String]";
  const shown = Reflect.ownKeys(value).filter((key) => {
    if (isList && /^\d+$/.test(String(key))) return false;
    if (isError && (key === "name" || key === "message" || key === "stack")) return false;
    return Object.prototype.propertyIsEnumerable.call(value, key);
  });
  const lines = shown.map((key) => property(value, key, show));
  if (isError)
    for (const key of ["cause", "errors"])
      if (Object.hasOwn(value, key) && !shown.includes(key))
        lines.push(`[${property(value, key, show).replace(":", "]:")}`);
  return lines;
};

const elements = (list: ArrayLike<unknown>, show: Show): string[] => {
  const items: string[] = [];
  const end = Math.min(list.length, ITEMS);
  for (let at = 0, holes = 0; at < end; at++) {
    if (at in list) {
      items.push(show(list[at]));
      continue;
    }
    holes++;
    if (at + 1 < end && !(at + 1 in list)) continue;
    items.push(`<${holes} empty item${holes > 1 ? "s" : ""}>`);
    holes = 0;
  }
  return items;
};

const first = <T>(values: Iterable<T>): T[] => {
  const found: T[] = [];
  for (const value of values) if (found.push(value) === ITEMS) break;
  return found;
};

const more = (count: number): string[] =>
  count > ITEMS ? [`... ${count - ITEMS} more item${count - ITEMS > 1 ? "s" : ""}`] : [];

/** Puts several short items on a line. */
const filled = (items: readonly string[]): string[] => {
  const lines: string[] = [];
  for (const item of items) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + item.length + 2 <= WIDTH)
      lines[lines.length - 1] = `${line}, ${item}`;
    else lines.push(item);
  }
  return lines;
};

const enclosed = (prefix: string, items: readonly string[], [open, close]: string): string => {
  const start = `${prefix}${open}`;
  if (items.length === 0) return start + close;
  const line = `${start} ${items.join(", ")} ${close}`;
  if (line.length <= WIDTH && !line.includes("\n")) return line;
  const rows =
    open === "[" && items.slice(0, -1).every((item) => item.length <= SHORT) ? filled(items) : items;
  return `${start}\n  ${rows.join(",\n").replaceAll("\n", "\n  ")}\n${close}`;
};

const container = (value: object, name: string, show: Show): string => {
  const tagged = (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  const tag = typeof tagged === "string" && tagged !== "" && tagged !== name ? `[${tagged}] ` : "";
  if (Array.isArray(value)) {
    const rest = value.length > ITEMS ? [] : properties(value, show);
    const items = [...elements(value, show), ...more(value.length), ...rest];
    return enclosed(name === "Array" ? "" : `${name}(${value.length}) `, items, "[]");
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const list = value as Uint8Array;
    return enclosed(`${name}(${list.length}) `, [...elements(list, show), ...more(list.length)], "[]");
  }
  const items = properties(value, show);
  if (value instanceof Map) {
    const entries = first(value).map(([key, held]) => `${show(key)} => ${show(held)}`);
    return enclosed(`${name}(${value.size}) ${tag}`, [...entries, ...more(value.size), ...items], "{}");
  }
  if (value instanceof Set)
    return enclosed(
      `${name}(${value.size}) ${tag}`,
      [...first(value).map(show), ...more(value.size), ...items],
      "{}",
    );
  if (value instanceof ArrayBuffer || value instanceof DataView)
    items.unshift(`byteLength: ${value.byteLength}`);
  return enclosed(name === "Object" && tag === "" ? "" : `${name} ${tag}`, items, "{}");
};

const object = (value: object, depth: number, above: readonly object[]): string => {
  if (above.includes(value)) return "[Circular]";
  const within = [...above, value];
  const own = (value as { readonly [custom]?: unknown })[custom];
  if (typeof own === "function") {
    const made: unknown = own.call(value, depth, { depth, stylize: String }, inspect);
    if (made !== value) return typeof made === "string" ? made : render(made, depth, within);
  }
  const show: Show = (each) => render(each, depth - 1, within);
  const name = classOf(value) ?? "[Object: null prototype]";
  const base = baseOf(value, name);
  if (base === undefined) return depth < 0 ? `[${name}]` : container(value, name, show);
  const items = depth < 0 ? [] : properties(value, show);
  return items.length === 0 ? base : enclosed(`${base} `, items, "{}");
};

const render = (value: unknown, depth: number, above: readonly object[]): string => {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return String(value);
  try {
    return object(value, depth, above);
  } catch {
    // A proxy or an impostor of a built-in class.
    return "[Object]";
  }
};

/** `value` as text; objects more than `depth` levels down are only named. */
export const inspect = (value: unknown, depth: unknown = 3): string =>
  render(value, typeof depth === "number" ? depth : 3, []);
