// 1 MB of live state, of which each step changes a little: the same for every peer.
const BYTES = 1 << 20;

export const freshState = () => {
  const state = new Uint8Array(BYTES);
  let seed = 1;
  for (let at = 0; at < BYTES; at++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) | 0;
    state[at] = seed >>> 16;
  }
  return state;
};

export const change = (state, n) => {
  state[(n * 7919) % BYTES] ^= n;
};
