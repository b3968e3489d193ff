/**
 * What lies in the channels of each task, read from the rings' own words.
 * Threads: main.
 */
import type { RingSize } from '../channel/ring-layout.ts'
import type { RingUsage } from '../channel/ring-usage.ts'
import { RingWatch } from '../channel/ring-usage.ts'

/** The memory of a channel, and the tasks at its ends. */
export interface ChannelMemory {
  readonly ring: SharedArrayBuffer
  readonly size: RingSize
  readonly producer: number
  /** Undefined where the main thread reads it: `collect` and `print`. */
  readonly consumer: number | undefined
}

/** One side of a task, all its channels together. */
export interface Queue {
  readonly pages: number
  readonly bytes: number
  /** Unread pages for one page of credit: over all channels, and of the fullest. */
  readonly usage: number
  readonly usageMax: number
}

export interface TaskQueues {
  readonly input: Queue
  readonly output: Queue
}

interface Watched extends ChannelMemory {
  readonly watch: RingWatch
}

export class QueueReader {
  readonly #tasks: number
  readonly #channels: readonly Watched[]

  constructor(tasks: number, channels: readonly ChannelMemory[]) {
    this.#tasks = tasks
    this.#channels = channels.map((channel) => ({
      ...channel,
      watch: new RingWatch(channel.ring, channel.size),
    }))
  }

  /** By task. */
  read(): readonly TaskQueues[] {
    const sums = Array.from({ length: this.#tasks }, () => ({ input: empty(), output: empty() }))
    for (const { watch, producer, consumer } of this.#channels) {
      const used = watch.read()
      add(sums[producer]!.output, used, watch.creditPages)
      if (consumer !== undefined) add(sums[consumer]!.input, used, watch.creditPages)
    }
    return sums.map(({ input, output }) => ({ input: queueOf(input), output: queueOf(output) }))
  }
}

interface Sums {
  pages: number
  bytes: number
  credit: number
  usageMax: number
}

function empty(): Sums {
  return { pages: 0, bytes: 0, credit: 0, usageMax: 0 }
}

function add(side: Sums, { pages, bytes, usage }: RingUsage, creditPages: number): void {
  side.pages += pages
  side.bytes += bytes
  side.credit += creditPages
  side.usageMax = Math.max(side.usageMax, usage)
}

function queueOf({ pages, bytes, credit, usageMax }: Sums): Queue {
  return { pages, bytes, usageMax, usage: credit === 0 ? 0 : pages / credit }
}
