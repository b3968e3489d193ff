/**
 * The records of the keyed count, however they are counted: a walk over the keys in a fixed order
 * that visits all of them and favours no cache. The strings are made beforehand and lie in the
 * order of the walk, so that a record costs little more than its object. Every subtask walks over
 * all keys, from a place of its own.
 */
import type { Batch, Source, Split, SplitReader } from 'sluice'

export interface Event {
  key: string
  value: number
}

/** Without a number of records the job has no end. */
export interface Args {
  records?: number
  keys: number
}

const STEP = 7919
const BATCH_RECORDS = 1024

export function keyedEvents(args: Args): Source<Event> {
  if (args.keys % STEP === 0) throw new RangeError(`${args.keys} keys are not all visited`)
  return {
    kind: 'keyed events',
    name: `events of ${args.keys} keys`,
    options: { ...args },
    bounded: args.records !== undefined,
    enumerator: ({ parallelism }) => ({ discover: async () => splitsOf(args, parallelism) }),
    reader: () => new WalkReader(),
  }
}

interface WalkSplit extends Split {
  readonly keys: number
  readonly start: number
  readonly records: number
}

function splitsOf({ keys, records }: Args, parallelism: number): readonly WalkSplit[] {
  return Array.from({ length: parallelism }, (_, k) => ({
    id: `${k} of ${parallelism}`,
    keys,
    start: Math.floor((keys * k) / parallelism),
    records: records === undefined ? Number.MAX_SAFE_INTEGER : shareOf(records, k, parallelism),
  }))
}

const shareOf = (records: number, k: number, of: number) => Math.ceil((records - k) / of)

class WalkReader implements SplitReader<Event> {
  #keys: readonly string[] = []
  #records = 0
  #done = 0

  open(split: Split, position: unknown): void {
    const { keys, start, records } = split as WalkSplit
    const walk = Array.from({ length: keys }, (_, k) => (start + k * STEP) % keys)
    this.#keys = walk.map((k) => `key-${String(k).padStart(6, '0')}`)
    this.#records = records
    this.#done = (position as { done: number } | undefined)?.done ?? 0
  }

  /** A batch ends where the walk begins anew. */
  next(): Batch<Event> | undefined {
    const keys = this.#keys
    const done = this.#done
    const from = done % keys.length
    const count = Math.min(BATCH_RECORDS, keys.length - from, this.#records - done)
    if (count <= 0) return undefined
    this.#done += count
    return new WalkBatch({ keys, from, count, done })
  }

  close(): void {}
}

interface Walked {
  readonly keys: readonly string[]
  readonly from: number
  readonly count: number
  readonly done: number
}

class WalkBatch implements Batch<Event> {
  readonly count: number
  readonly position: unknown
  readonly #keys: readonly string[]
  readonly #from: number
  readonly #value: number

  constructor({ keys, from, count, done }: Walked) {
    this.count = count
    this.position = { done }
    this.#keys = keys
    this.#from = from
    this.#value = done & 0xffff
  }

  record(index: number): Event {
    return { key: this.#keys[this.#from + index]!, value: (this.#value + index) & 0xffff }
  }
}
