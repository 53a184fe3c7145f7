// Where the other side of a stream gate is, or where the gate listens: an address of TCP, or a Unix socket's path.

export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

/** `127.0.0.1:80`, `[::1]:80`, or the path: how errors name it. */
export const placeText = (place: Place): string => {
  if ("path" in place) return place.path;
  return place.host.includes(":") ? `[${place.host}]:${place.port}` : `${place.host}:${place.port}`;
};
