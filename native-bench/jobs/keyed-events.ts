/**
 * The records of the keyed count and of other jobs: a walk over the keys in a fixed order that
 * visits all of them and favours no cache. The keys are made beforehand and lie in the order of the
 * walk, so that a record costs little more than its object. Every subtask walks over all keys, from
 * a place of its own.
 */
import type { Batch, Source, Split, SplitReader } from 'sluice'

export interface Event<K = string> {
  key: K
  value: number
}

/** Without a number of records the job has no end. */
export interface Args {
  records?: number
  keys: number
  /** The keys are whole numbers. Default: strings. */
  integers?: boolean | undefined
  /** Makes a key when it is read, at some cost, instead of keeping all of them in memory. */
  late?: boolean | undefined
}

type Key = string | number

const STEP = 7919
const BATCH_RECORDS = 1024

/** Of strings, unless `integers` says otherwise. */
export function keyedEvents<K extends Key = string>(args: Args): Source<Event<K>> {
  if (args.keys % STEP === 0) throw new RangeError(`${args.keys} keys are not all visited`)
  return {
    kind: 'keyed events',
    name: `events of ${args.keys} keys`,
    options: { ...args },
    bounded: args.records !== undefined,
    enumerator: ({ parallelism }) => ({ discover: async () => splitsOf(args, parallelism) }),
    reader: () => new WalkReader<K>(),
  }
}

interface WalkSplit extends Split {
  readonly keys: number
  readonly start: number
  readonly records: number
  readonly integers: boolean
  readonly late: boolean
}

function splitsOf(args: Args, parallelism: number): readonly WalkSplit[] {
  const { keys, records, integers = false, late = false } = args
  return Array.from({ length: parallelism }, (_, k) => ({
    id: `${k} of ${parallelism}`,
    keys,
    integers,
    late,
    start: Math.floor((keys * k) / parallelism),
    records: records === undefined ? Number.MAX_SAFE_INTEGER : shareOf(records, k, parallelism),
  }))
}

const shareOf = (records: number, k: number, of: number) => Math.ceil((records - k) / of)

class WalkReader<K extends Key> implements SplitReader<Event<K>> {
  #split!: WalkSplit
  #walk: readonly K[] = []
  #done = 0

  open(split: Split, position: unknown): void {
    this.#split = split as WalkSplit
    const { keys, late } = this.#split
    this.#walk = late ? [] : keysOf<K>(this.#split, { from: 0, count: keys })
    this.#done = (position as { done: number } | undefined)?.done ?? 0
  }

  /** A batch ends where the walk begins anew. */
  next(): Batch<Event<K>> | undefined {
    const { keys, records, late } = this.#split
    const done = this.#done
    const from = done % keys
    const count = Math.min(BATCH_RECORDS, keys - from, records - done)
    if (count <= 0) return undefined
    this.#done += count
    if (!late) return new WalkBatch({ keys: this.#walk, from, count, done })
    const some = keysOf<K>(this.#split, { from, count })
    return new WalkBatch({ keys: some, from: 0, count, done })
  }

  close(): void {}
}

/** The keys at so many places of the walk. */
function keysOf<K extends Key>(split: WalkSplit, some: { from: number; count: number }): K[] {
  const { keys, start, integers } = split
  const numbers = Array.from({ length: some.count }, (_, i) => {
    return (start + (some.from + i) * STEP) % keys
  })
  const all: Key[] = integers ? numbers : numbers.map((k) => `key-${String(k).padStart(6, '0')}`)
  return all as K[]
}

interface Walked<K> {
  readonly keys: readonly K[]
  readonly from: number
  readonly count: number
  readonly done: number
}

class WalkBatch<K> implements Batch<Event<K>> {
  readonly count: number
  readonly position: unknown
  readonly #keys: readonly K[]
  readonly #from: number
  readonly #value: number

  constructor({ keys, from, count, done }: Walked<K>) {
    this.count = count
    this.position = { done }
    this.#keys = keys
    this.#from = from
    this.#value = done & 0xffff
  }

  record(index: number): Event<K> {
    return { key: this.#keys[this.#from + index]!, value: (this.#value + index) & 0xffff }
  }
}
