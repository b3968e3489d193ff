/**
 * What the threads of the latency job tell each other and the benchmark, in shared memory: when the
 * first record was due, the latencies, and what delayed each thread.
 */
export interface Delays {
  /** Of the garbage collector. */
  readonly pauses: number
  readonly pausesMs: number
  readonly longestPauseMs: number
  /** Ready to run, and without a core. */
  readonly queuedMs: number
}

const THREADS = ['source', 'count'] as const
export type LatencyThread = (typeof THREADS)[number]

const START = 0
const DELAYS = 1
const DELAY_FIELDS = 4
const LENGTH = DELAYS + DELAY_FIELDS * THREADS.length
const TEXT_BYTE = (LENGTH + 1) * Float64Array.BYTES_PER_ELEMENT
/** A histogram of three digits in its compressed form has some thousands. */
const TEXT_BYTES_MAX = 1 << 20

export class LatencyFigures {
  readonly #numbers: Float64Array
  readonly #text: Uint8Array

  constructor(buffer: SharedArrayBuffer) {
    this.#numbers = new Float64Array(buffer, 0, LENGTH + 1)
    this.#text = new Uint8Array(buffer, TEXT_BYTE)
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(TEXT_BYTE + TEXT_BYTES_MAX)
  }

  /** When record 0 was due; 0 before there is one. Records carry it from thread to thread. */
  get startMs(): number {
    return this.#numbers[START]!
  }

  set startMs(ms: number) {
    this.#numbers[START] = ms
  }

  /** The encoded histogram; empty before the job has come to its end. */
  get histogram(): string {
    return Buffer.from(this.#text.slice(0, this.#numbers[LENGTH])).toString('latin1')
  }

  set histogram(text: string) {
    this.#text.set(Buffer.from(text, 'latin1'))
    this.#numbers[LENGTH] = text.length
  }

  delaysOf(thread: LatencyThread): Delays {
    const at = this.#delaysAt(thread)
    const [pauses, pausesMs, longestPauseMs, queuedMs] = this.#numbers.slice(at, at + DELAY_FIELDS)
    return {
      pauses: pauses!,
      pausesMs: pausesMs!,
      longestPauseMs: longestPauseMs!,
      queuedMs: queuedMs!,
    }
  }

  setDelaysOf(thread: LatencyThread, delays: Delays): void {
    const { pauses, pausesMs, longestPauseMs, queuedMs } = delays
    this.#numbers.set([pauses, pausesMs, longestPauseMs, queuedMs], this.#delaysAt(thread))
  }

  #delaysAt(thread: LatencyThread): number {
    return DELAYS + DELAY_FIELDS * THREADS.indexOf(thread)
  }
}
