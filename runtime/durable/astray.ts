// What a replay says that did not go as the journal has it.

/** The machine did other than the journal says: nothing that is known of it can be trusted. */
export interface Astray {
  readonly tag: "Astray";
  /** The turn after which it was seen. */
  readonly turn: number;
  readonly expected: string;
  readonly actual: string;
}

/** One sentence for people. */
export const astrayProse = ({ turn, expected, actual }: Astray): string =>
  `its recovery went astray after turn ${turn}: its journal has ${expected}, and it did ${actual}`;
