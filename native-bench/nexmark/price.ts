/**
 * Nexmark's prices: round(10^(6 u) * 100) for a uniform u, so that their logarithms are uniform.
 * `Math.pow` was a tenth of a generator's time; here the power is a table and a short series, and
 * `Math.pow` decides only where the two could round to different sides.
 */
import type { JavaRandom } from './java-random.ts'

const DECADES = 6
const ROUND_MARGIN = 1e-4
const STEPS = 1024
const STEP_BITS = 10
/** The first draw of a double has 26 bits, the second 27. */
const REST_BITS = 26 - STEP_BITS
const REST_MASK = (1 << REST_BITS) - 1
const SCALE = 2 ** -53

const powers = Float64Array.from({ length: STEPS }, (_, k) => 100 * 10 ** ((DECADES * k) / STEPS))

/** Draws a price: 100 to 100,000,000. */
export function drawPrice(random: JavaRandom): number {
  const high = random.int32() >>> 6
  const low = random.int32() >>> 5
  return priceOf(high, low)
}

/** The price of a double whose upper 26 and lower 27 bits were drawn. */
export function priceOf(high: number, low: number): number {
  const rest = ((high & REST_MASK) * 2 ** 27 + low) * SCALE
  const x = rest * (DECADES * Math.LN10)
  const exp = 1 + x * (1 + (x / 2) * (1 + (x / 3) * (1 + (x / 4) * (1 + x / 5))))
  const value = powers[high >>> REST_BITS]! * exp
  const floor = value | 0
  const fraction = value - floor
  if (Math.abs(fraction - 0.5) < ROUND_MARGIN) return exactPriceOf(high, low)
  return fraction < 0.5 ? floor : floor + 1
}

/** As it is defined, and slow. */
export function exactPriceOf(high: number, low: number): number {
  return Math.round(10 ** ((high * 2 ** 27 + low) * SCALE * DECADES) * 100)
}
