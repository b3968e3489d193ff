/**
 * Every access to a shared word, and the one wait, go through this interface. In production it is
 * Atomics and inlines to it; the simulator puts a scheduling point in its place.
 * Threads: any.
 */
export interface SharedWords {
  load(words: Int32Array, index: number): number
  store(words: Int32Array, index: number, value: number): void
  /** Returns the value before. */
  exchange(words: Int32Array, index: number, value: number): number
  add(words: Int32Array, index: number, value: number): number
  or(words: Int32Array, index: number, value: number): number
  /** Blocks the thread while the word has `value`, up to `timeoutMs` (Infinity for no limit). */
  wait(words: Int32Array, index: number, value: number, timeoutMs: number): void
  /** Resolves when notified; undefined if the word does not have `value`. Keeps nothing alive. */
  waitAsync(words: Int32Array, index: number, value: number): Promise<unknown> | undefined
  /** Wakes every waiter: a count would let a forgotten one take the wake-up of another. */
  notify(words: Int32Array, index: number): void
}

/** Plain Atomics: all of them are sequentially consistent. */
export const atomicWords: SharedWords = {
  load: (words, index) => Atomics.load(words, index),
  store: (words, index, value) => {
    Atomics.store(words, index, value)
  },
  exchange: (words, index, value) => Atomics.exchange(words, index, value),
  add: (words, index, value) => Atomics.add(words, index, value),
  or: (words, index, value) => Atomics.or(words, index, value),
  wait: (words, index, value, timeoutMs) => {
    Atomics.wait(words, index, value, timeoutMs)
  },
  waitAsync: (words, index, value) => {
    // No timeout: V8 keeps the delayed task of one until it expires.
    const waiting = Atomics.waitAsync(words, index, value)
    return waiting.async ? waiting.value : undefined
  },
  notify: (words, index) => {
    Atomics.notify(words, index)
  },
}
