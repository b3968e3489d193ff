/**
 * Shared words of a job in one thread: before each access another task may run, as it might on
 * another core at that very moment.
 * Threads: the caller's.
 */
import { assert } from '../../base/assert.ts'
import type { SharedWords } from '../../channel/shared-words.ts'

/** `point` is called before every access. */
export function simulatedWords(point: () => void): SharedWords {
  return {
    load: (words, index) => {
      point()
      return words[index]!
    },
    store: (words, index, value) => {
      point()
      words[index] = value
    },
    exchange: (words, index, value) => {
      point()
      const before = words[index]!
      words[index] = value
      return before
    },
    add: (words, index, value) => {
      point()
      const before = words[index]!
      words[index] = before + value
      return before
    },
    or: (words, index, value) => {
      point()
      const before = words[index]!
      words[index] = before | value
      return before
    },
    wait: () => assert(false, 'a task of a simulation would block the thread of all'),
    waitAsync: () => {
      assert(false, 'tasks of a simulation are parked by who drives them')
    },
    // Who sleeps is looked at, not told.
    notify: () => {},
  }
}
