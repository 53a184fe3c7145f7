// Randomness, fresh in every generation: the host's for crypto, and a new seed each turn for Math.random.
import { randomBytes, randomFillSync } from "node:crypto";

export interface EntropyPower {
  fill(into: Uint8Array): void;
  /** The secret of one incarnation, from which its turns' seeds are made. */
  secret(): number;
}

export const systemEntropy: EntropyPower = {
  fill: (into) => void randomFillSync(into),
  secret: () => randomBytes(4).readInt32LE(0),
};

/** A 32-bit mixer (the finaliser of MurmurHash3, 32 bits, Austin Appleby): every input bit reaches every output bit. */
const mix = (x: number): number => {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
};

/** Two words of seed for a turn. */
export const turnSeed = (secret: number, turn: number): readonly [low: number, high: number] => {
  const low = mix(secret ^ mix(turn));
  return [low, mix(low ^ secret)];
};
