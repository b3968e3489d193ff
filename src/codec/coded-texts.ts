/**
 * The texts that one channel's producer has given numbers, from 0 on, so that pages need not repeat
 * them; and what the consumer remembers of each: the slot that its key had when it was last found.
 * Threads: the consuming task.
 */
const UNKNOWN = -1
const SIZE_MIN = 256

export class CodedTexts {
  readonly list: string[] = []
  /** By number; -1 where it is not known. */
  slots = new Int32Array(0)
  /** Of the slot when it was found: it may have been given to another key since. */
  generations = new Int32Array(0)

  /** Takes the next texts, in the order of their numbers. */
  add(texts: readonly string[]): void {
    for (const text of texts) this.list.push(text)
    const from = this.slots.length
    if (this.list.length <= from) return
    const size = Math.max(SIZE_MIN, 2 * this.list.length)
    this.slots = grown(this.slots, size).fill(UNKNOWN, from)
    this.generations = grown(this.generations, size)
  }
}

function grown(values: Int32Array, size: number) {
  const larger = new Int32Array(size)
  larger.set(values)
  return larger
}
