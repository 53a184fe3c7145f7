// Examples of a page of the documentation, as its readers copy them.
import { expect } from "chai";

/** The fenced block of a language whose text begins so. */
export const fencedBlock = (page: string, language: string, beginning: string): string => {
  const found = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].find(
    ([, of, text]) => of === language && text!.startsWith(beginning),
  );
  expect(found, `the block of ${language} that begins with ${beginning}`).to.not.equal(undefined);
  return found![2]!;
};
