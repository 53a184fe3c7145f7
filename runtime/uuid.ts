// UUIDs, as everything that has an identity is named: in lower case.

export const isUuid = (input: unknown): input is string =>
  typeof input === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(input);
