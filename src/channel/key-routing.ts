/**
 * From a key to its key group, and from a key group to the subtask that owns it: the same canonical
 * bytes and the same hash as keyed state uses, so that a record finds its state.
 * Threads: the producing task.
 */
import { KeyEncoder, murmur3 } from '../codec/canonical-key.ts'
import { keyGroupOf, keyGroupRange } from '../codec/key-groups.ts'

/** A function of its own for each edge, with an encoder of its own. */
export function keyGroupHasher(maxParallelism: number): (key: unknown) => number {
  const encoder = new KeyEncoder()
  return (key) => {
    encoder.encode(key)
    return keyGroupOf(murmur3(encoder.bytes, 0, encoder.length), maxParallelism)
  }
}

/** The owner of each key group, of `parallelism` subtasks. */
export function ownersOfKeyGroups(maxParallelism: number, parallelism: number): Uint16Array {
  const owners = new Uint16Array(maxParallelism)
  for (let subtask = 0; subtask < parallelism; subtask++) {
    const [from, to] = keyGroupRange(subtask, maxParallelism, parallelism)
    owners.fill(subtask, from, to)
  }
  return owners
}
