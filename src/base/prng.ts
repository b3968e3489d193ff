/** Seeded randomness: the same seed gives the same numbers on every machine and version. */
export interface Prng {
  /** A uniform integer in [0, 2^32). */
  uint32(): number
  /** A uniform integer in [0, n). */
  below(n: number): number
}

/** xorshift32, seeded through one multiply so that small seeds differ at once. */
export function prng(seed: number): Prng {
  let x = Math.imul(seed | 0, 0x9e3779b1) ^ 0x6d2b79f5 || 1
  const uint32 = () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return x >>> 0
  }
  return { uint32, below: (n) => Math.floor((uint32() / 4294967296) * n) }
}
