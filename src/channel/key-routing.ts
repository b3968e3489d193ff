/**
 * From a key to its key group, and from a key group to the subtask that owns it: the same canonical
 * bytes and the same hash as keyed state uses, so that a record finds its state.
 * Threads: the producing task.
 */
import { KeyEncoder, murmur3 } from '../codec/canonical-key.ts'
import { keyGroupOf, subtaskOfKeyGroup } from '../codec/key-groups.ts'
import { NOT_SHORT, ShortKey } from '../codec/short-key.ts'

/**
 * A function of its own for each edge, with an encoder of its own. `readText`: as `ShortKey.read`,
 * where something else is to know of it.
 */
export function keyGroupHasher(
  maxParallelism: number,
  readText?: (text: string) => number,
): (key: unknown) => number {
  const encoder = new KeyEncoder()
  const short = new ShortKey()
  const read = readText ?? ((text: string) => short.read(text))
  const hashOfAny = (key: unknown) => {
    encoder.encode(key)
    return murmur3(encoder.bytes, 0, encoder.length)
  }
  const hashOf = (key: unknown) => {
    if (typeof key === 'number') return short.readNumber(key)
    const hash = typeof key === 'string' ? read(key) : NOT_SHORT
    return hash === NOT_SHORT ? hashOfAny(key) : hash
  }
  return (key) => keyGroupOf(hashOf(key), maxParallelism)
}

/** The owner of each key group, of `parallelism` subtasks. */
export function ownersOfKeyGroups(maxParallelism: number, parallelism: number): readonly number[] {
  return Array.from({ length: maxParallelism }, (_, group) =>
    subtaskOfKeyGroup(group, maxParallelism, parallelism),
  )
}
