import { inspect, isDeepStrictEqual } from 'node:util'

/** Equal to the last bit and field. Node's own comparison takes invalid dates for different. */
export function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b) || inspectFully(a) === inspectFully(b)
}

function inspectFully(value: unknown): string {
  const all = Number.POSITIVE_INFINITY
  return inspect(value, { depth: all, maxArrayLength: all, maxStringLength: all, sorted: true })
}
