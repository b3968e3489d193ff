/**
 * Results in order, of which the next few are begun before they are asked for: whoever works
 * through what is read waits for the disk only once.
 * Threads: any.
 */
/** As many as the threads in which Node reads files. */
const BEGUN_MAX = 4

export async function* ahead<T>(actions: Iterable<() => Promise<T>>): AsyncGenerator<T> {
  const begun: Promise<T>[] = []
  for (const action of actions) {
    const result = action()
    // Told to whoever comes to it; nobody does where an earlier one fails.
    result.catch(() => undefined)
    begun.push(result)
    if (begun.length === BEGUN_MAX) yield begun.shift()!
  }
  yield* begun
}
