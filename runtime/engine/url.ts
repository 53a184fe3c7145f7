// URL parsing for components: the engine has none of its own, and this is a pure function of its input.

const PARTS = [
  "href",
  "origin",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
] as const;

/** `[href, base | null, property | null, value | null]` as JSON in, the parts as JSON out; "" for no URL. */
export const urlParts = (request: string): string => {
  try {
    const [href, base, property, value] = JSON.parse(request) as (string | null)[];
    const url = base === null || base === undefined ? new URL(String(href)) : new URL(String(href), base);
    if (typeof property === "string" && property !== "origin" && PARTS.some((part) => part === property))
      (url as unknown as Record<string, string>)[property] = String(value);
    return JSON.stringify(Object.fromEntries(PARTS.map((part) => [part, url[part]])));
  } catch {
    return "";
  }
};
