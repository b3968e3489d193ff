/**
 * What the threads of the latency job tell each other and the benchmark, in shared memory: when the
 * first record was due, the latencies, and the pauses of the garbage collector by thread.
 */
export interface Pauses {
  readonly count: number
  readonly sumMs: number
  readonly longestMs: number
}

const THREADS = ['source', 'count'] as const
export type LatencyThread = (typeof THREADS)[number]

const START = 0
const PAUSES = 1
const PAUSE_FIELDS = 3
const LENGTH = PAUSES + PAUSE_FIELDS * THREADS.length
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

  pausesOf(thread: LatencyThread): Pauses {
    const at = this.#pausesAt(thread)
    const [count, sumMs, longestMs] = this.#numbers.slice(at, at + PAUSE_FIELDS)
    return { count: count!, sumMs: sumMs!, longestMs: longestMs! }
  }

  setPausesOf(thread: LatencyThread, { count, sumMs, longestMs }: Pauses): void {
    this.#numbers.set([count, sumMs, longestMs], this.#pausesAt(thread))
  }

  #pausesAt(thread: LatencyThread): number {
    return PAUSES + PAUSE_FIELDS * THREADS.indexOf(thread)
  }
}
