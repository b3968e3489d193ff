/** Event time against a plain loop: late, early, negative, out of order, and sources that stall. */
import fc from 'fast-check'
import {
  type Batch,
  count,
  defineJob,
  type Emit,
  type NextBatch,
  output,
  type Source,
  sum,
  tumbling,
  value,
} from 'sluice'
import { runInline } from 'sluice/testing'
import { expect, test } from 'vitest'
import { within } from './support.ts'

interface Row {
  readonly key: string
  readonly at: number
  readonly n: number
}

/** One read of a source: its records, then a watermark. */
interface Read {
  readonly rows: readonly Row[]
  readonly watermark?: number | undefined
}

type Answer = NextBatch<Row> | Promise<NextBatch<Row>>

/** A source whose splits give what they are told, but say something else before each batch. */
function scripted(
  splits: readonly (readonly Read[])[],
  stutter?: (wake: () => void) => Answer,
): Source<Row> {
  return {
    kind: 'scripted',
    name: 'scripted',
    options: {},
    bounded: true,
    timed: true,
    enumerator: () => ({ discover: async () => splits.map((_, k) => ({ id: `${k}`, k })) }),
    reader: ({ wake }) => {
      let left: Read[] = []
      let stuttered = stutter === undefined
      return {
        open: (split) => {
          left = [...splits[split.k as number]!]
        },
        next() {
          if (!stuttered) {
            stuttered = true
            return stutter!(wake)
          }
          stuttered = stutter === undefined
          return batchOf(left.shift())
        },
        close: () => {},
      }
    },
  }
}

function batchOf(read: Read | undefined): Batch<Row> | undefined {
  if (read === undefined) return undefined
  const { rows, watermark } = read
  return {
    count: rows.length,
    record: (i) => ({ ...rows[i]! }),
    time: (i) => rows[i]!.at,
    position: 0,
    ...(watermark === undefined ? {} : { watermark }),
  }
}

const at = fc.integer({ min: -50, max: 50 })
const row = fc.record({ key: fc.constantFrom('a', 'b', 'é'), at, n: fc.integer({ max: 9 }) })
const read: fc.Arbitrary<Read> = fc.record({
  rows: fc.array(row, { maxLength: 8 }),
  watermark: fc.option(at, { nil: undefined }),
})
const windows = fc.record({
  sizeMs: fc.integer({ min: 1, max: 30 }),
  offsetMs: fc.integer({ min: 0, max: 10 }),
  latenessMs: fc.constantFrom(0, 0, 1, 7, 100),
})
type WindowOptions = typeof windows extends fc.Arbitrary<infer T> ? T : never

const late = output<Row>('late')

async function windowed(reads: readonly Read[], options: WindowOptions, config = {}) {
  const { sizeMs, offsetMs, latenessMs } = options
  const job = defineJob('windows', (env) => {
    const results = env
      .from(scripted([reads]))
      .keyBy('key')
      .window(tumbling(sizeMs, { offset: offsetMs % sizeMs }))
      .allowedLateness(latenessMs)
      .lateTo(late)
      .aggregate({ rows: count(), total: sum('n') })
    results.collect('results')
    results.sideOutput(late).collect('late')
  })
  const { rows } = await runInline(job, { config })
  return { results: rows('results'), late: rows('late') }
}

/** What Flink would do, record by record. */
function windowedModel(reads: readonly Read[], options: WindowOptions) {
  const { sizeMs, latenessMs } = options
  const offsetMs = options.offsetMs % sizeMs
  const held = new Map<string, { key: string; start: number; rows: number; total: number }>()
  const results: unknown[] = []
  const lateRows: Row[] = []
  let watermark = Number.NEGATIVE_INFINITY
  const emit = ({
    key,
    start,
    rows,
    total,
  }: {
    key: string
    start: number
    rows: number
    total: number
  }) => results.push({ key, window: { start, end: start + sizeMs }, rows, total })
  const advance = (timeMs: number) => {
    const due = [...held.values()].filter(({ start }) => {
      const last = start + sizeMs - 1
      return last <= timeMs && last > watermark
    })
    due.sort((a, b) => a.start - b.start).forEach(emit)
    watermark = timeMs
    for (const [id, { start }] of held) {
      if (start + sizeMs - 1 + latenessMs <= watermark) held.delete(id)
    }
  }
  for (const one of [...reads, { rows: [], watermark: Number.POSITIVE_INFINITY }]) {
    for (const record of one.rows) {
      const start = Math.floor((record.at - offsetMs) / sizeMs) * sizeMs + offsetMs
      if (start + sizeMs - 1 + latenessMs <= watermark) {
        lateRows.push(record)
        continue
      }
      const id = `${record.key} ${start}`
      const window = held.get(id) ?? { key: record.key, start, rows: 0, total: 0 }
      held.set(id, window)
      window.rows++
      window.total += record.n
      if (start + sizeMs - 1 <= watermark) emit(window)
    }
    if (one.watermark !== undefined && one.watermark > watermark) advance(one.watermark)
  }
  return { results, late: lateRows }
}

test('windows, lateness and late records are those of a plain loop', async () => {
  const property = fc.asyncProperty(fc.array(read, { maxLength: 12 }), windows, async (...args) => {
    const expected = windowedModel(...args)
    const chained = await windowed(...args)
    expect(byKey(chained.results)).toEqual(byKey(expected.results))
    expect(chained.late).toEqual(expected.late)
    const config = { chaining: false, segmentSize: '256 b', buffersPerChannel: 2 }
    expect(await windowed(...args, config)).toEqual(chained)
  })
  await fc.assert(property, { numRuns: 80 })
})

/** Windows of one time fire in no order of keys. */
function byKey(results: readonly unknown[]): readonly unknown[] {
  const rows = results as readonly { key: string }[]
  return ['a', 'b', 'é'].flatMap((key) => rows.filter((one) => one.key === key))
}

/** What a key does with its timers at a record or a timer of number n: up to three moves. */
function moves(n: number, time: number): readonly { readonly set: boolean; readonly at: number }[] {
  const random = Math.abs(Math.imul(n + 17, 0x9e3779b1) ^ Math.imul(time | 0, 0x85ebca6b))
  return [0, 1, 2].slice(0, random % 4).map((k) => {
    const bits = random >>> (3 * k + 2)
    const far = bits % 11 === 0 ? Number.POSITIVE_INFINITY : (bits % 23) - 6
    return { set: bits % 3 !== 0, at: bits % 5 === 0 ? time : time + far }
  })
}

const FIRED_MAX = 60

async function timed(reads: readonly Read[], config = {}) {
  const job = defineJob('timers', (env) => {
    env
      .from(scripted([reads]))
      .keyBy('key')
      .process({
        state: { fired: value(0) },
        process(record, { timers }) {
          for (const { set, at } of moves(record.n, record.at)) {
            if (set) timers.onEventTime(at)
            else timers.deleteEventTime(at)
          }
        },
        onTimer(time, { key, timers, state }, emit: Emit<{ key: string; time: number }>) {
          const fired = state.fired.get() + 1
          state.fired.set(fired)
          emit({ key, time })
          if (fired > FIRED_MAX || time === Number.POSITIVE_INFINITY) return
          for (const { set, at } of moves(fired, time)) {
            if (set) timers.onEventTime(at)
            else timers.deleteEventTime(at)
          }
        },
      })
      .collect('fired')
  })
  const { rows } = await runInline(job, { config })
  return rows<{ key: string; time: number }>('fired')
}

function timedModel(reads: readonly Read[]) {
  const fired: { key: string; time: number }[] = []
  const keys = new Map<string, { timers: Set<number>; fired: number }>()
  const move = (timers: Set<number>, n: number, time: number) => {
    for (const { set, at } of moves(n, time)) {
      if (set) timers.add(at)
      else timers.delete(at)
    }
  }
  const advance = (timeMs: number) => {
    for (const [key, held] of keys) {
      for (;;) {
        const time = Math.min(...held.timers)
        if (held.timers.size === 0 || time > timeMs) break
        held.timers.delete(time)
        held.fired++
        fired.push({ key, time })
        if (held.fired <= FIRED_MAX && time !== Number.POSITIVE_INFINITY) {
          move(held.timers, held.fired, time)
        }
      }
    }
  }
  let watermark = Number.NEGATIVE_INFINITY
  for (const one of [...reads, { rows: [], watermark: Number.POSITIVE_INFINITY }]) {
    for (const { key, n, at: timeMs } of one.rows) {
      const held = keys.get(key) ?? { timers: new Set<number>(), fired: 0 }
      keys.set(key, held)
      move(held.timers, n, timeMs)
    }
    if (one.watermark !== undefined && one.watermark > watermark) {
      watermark = one.watermark
      advance(watermark)
    }
  }
  return fired
}

test('timers set and deleted by records and by timers fire as in a plain loop', async () => {
  const property = fc.asyncProperty(fc.array(read, { maxLength: 10 }), async (reads) => {
    const expected = byKey(timedModel(reads))
    expect(byKey(await timed(reads))).toEqual(expected)
    const config = { chaining: false, segmentSize: '256 b', buffersPerChannel: 2 }
    expect(byKey(await timed(reads, config))).toEqual(expected)
  })
  await fc.assert(property, { numRuns: 80 })
})

const EMPTY = { count: 0, position: 0, record: () => ({ key: '', at: 0, n: 0 }) }

/** What a reader may say instead of giving a batch. */
const stutters: Record<string, (wake: () => void) => Answer> = {
  'an empty batch': () => EMPTY,
  'an empty batch by promise': async () => EMPTY,
  'later, and rings at once': (wake) => {
    wake()
    return 'later'
  },
  'later, and rings soon': (wake) => {
    setTimeout(wake, 1)
    return 'later'
  },
  'later by promise, and rings before anybody looks': async (wake): Promise<'later'> => {
    for (let k = 1; k < 4; k++) setImmediate(wake)
    return 'later'
  },
  'only a record that cannot be read': () => ({
    ...EMPTY,
    unreadable: [{ place: 'here', text: '?', reason: 'none', before: 0 }],
  }),
}

test.each(Object.keys(stutters))('a reader may say: %s', async (what) => {
  const script = [0, 1, 2].map((split) =>
    [0, 1, 2, 3].map((k) => ({ rows: [{ key: 'a', at: k, n: split * 10 + k }], watermark: k - 1 })),
  )
  const source = { ...scripted(script, stutters[what]), onUnreadable: 'skip' as const }
  const job = defineJob('stuttering', (env) => {
    env
      .from(source)
      .parallelism(5)
      .keyBy('key')
      .aggregate({ total: sum('n') })
      .collect('totals')
  })
  const { rows } = await within(what, runInline(job))
  expect(rows<{ total: number }>('totals')).toHaveLength(12)
  expect(rows<{ total: number }>('totals').at(-1)!.total).toBe(4 * 30 + 3 * 6)
})
