// Codecs of fields that several descriptions have: of images, of envelopes, of messages between hosts.
import { isUuid } from "../uuid.ts";
import { refined } from "./closed-record.ts";

export const integer = (name: string, min: number, max: number) =>
  refined(
    name,
    (input): input is number =>
      typeof input === "number" && Number.isSafeInteger(input) && input >= min && input <= max,
  );

export const text = (max: number) =>
  refined(
    `text of 1 to ${max} characters`,
    (input): input is string => typeof input === "string" && input.length > 0 && input.length <= max,
  );

export const uuid = refined("a UUID in lower case", isUuid);
export const sha256 = refined(
  "a SHA-256 in 64 hexadecimal digits",
  (input): input is string => typeof input === "string" && /^[0-9a-f]{64}$/.test(input),
);
export const natural = integer("an integer, 0 or more", 0, Number.MAX_SAFE_INTEGER);
