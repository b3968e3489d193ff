/** Event time goes on where it was: what is late, what has fired, who is idle. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Batch,
  count,
  defineJob,
  type Emit,
  output,
  type Source,
  sum,
  tumbling,
  value,
} from '../../src/api/index.ts'
import { type InlineOptions, runInline } from '../../src/testing/index.ts'

interface Row {
  readonly key: number
  readonly at: number
}

/** One batch: when it comes, and what event time has reached behind it. */
interface Read {
  readonly inMs: number
  readonly rows: readonly Row[]
  readonly watermark: number
}

interface Script {
  /** By split, then by phase. */
  readonly splits: readonly (readonly (readonly Read[])[])[]
  readonly latenessMs: number
  readonly sizeMs: number
  /** Watermarks that the source has itself, or that are made behind it. */
  readonly own: boolean
  readonly idle: boolean
  /** Tasks that only hand on. */
  readonly hops: number
}

/** So long that all that a read makes happen has happened before the next checkpoint. */
const PHASE_MS = 10_000
const FIRST_READ_MS = 3_000
const BETWEEN_READS_MS = 500

function scripted({ splits, own }: Script): Source<Row> {
  return {
    kind: 'scripted',
    name: 'scripted',
    options: {},
    bounded: true,
    timed: own,
    enumerator: () => ({ discover: async () => splits.map((_, k) => ({ id: `split ${k}`, k })) }),
    reader: ({ clock }) => {
      let reads: readonly Read[] = []
      let next = 0
      let laterMs = 0
      return {
        get laterMs() {
          return laterMs
        },
        open(split, position) {
          reads = splits[split.k as number]!.flat()
          next = (position as number | undefined) ?? 0
        },
        next(): Batch<Row> | undefined | 'later' {
          const read = reads[next]
          if (read === undefined) return undefined
          laterMs = read.inMs
          if (clock.nowMs() < read.inMs) return 'later'
          const { rows, watermark } = read
          return {
            count: rows.length,
            position: next++,
            record: (i) => ({ ...rows[i]! }),
            time: (i) => rows[i]!.at,
            ...(own ? { watermark } : {}),
          }
        },
        close: () => {},
      }
    },
  }
}

const job = defineJob('event time', (env, script: Script) => {
  const late = output<Row>('late')
  const source = env.from(scripted(script))
  const timed = script.own
    ? source
    : source.watermarks({ time: 'at', outOfOrder: 20, ...(script.idle ? { idle: '2 s' } : {}) })
  let handed = timed
  for (let hop = 0; hop < script.hops; hop++) handed = handed.map((row) => row).chain('start')
  const windows = handed
    .keyBy('key')
    .window(tumbling(script.sizeMs))
    .allowedLateness(script.latenessMs)
    .lateTo(late)
    .aggregate({ seen: count(), total: sum('at') })
  windows.collect('windows')
  windows.sideOutput(late).collect('late')
  handed
    .keyBy('key')
    .process({
      state: { seen: value(0) },
      process({ at, key }, ctx, emit: Emit<unknown>) {
        ctx.state.seen.set(ctx.state.seen.get() + 1)
        ctx.timers.onEventTime(at + 30)
        emit({ key, at, isLate: at <= ctx.watermark })
      },
      onTimer(at, { key, state, watermark }, emit) {
        emit({ key, timer: at, seen: state.seen.get(), watermark })
      },
    })
    .collect('timers')
})

async function outcome(script: Script, options: InlineOptions) {
  const { rows, restarts } = await runInline(job, { ...options, args: { ...script } })
  const lines = (name: string) =>
    rows(name)
      .map((row) => JSON.stringify(row))
      .sort()
  return {
    restarts,
    given: { windows: lines('windows'), late: lines('late'), timers: lines('timers') },
  }
}

const row = fc.record({ key: fc.integer({ min: 0, max: 5 }), at: fc.integer({ min: 0, max: 99 }) })
const phase = fc.array(fc.array(row, { minLength: 1, maxLength: 5 }), { maxLength: 3 })
const script: fc.Arbitrary<Script> = fc
  .record({
    splits: fc.array(fc.array(phase, { minLength: 4, maxLength: 4 }), {
      minLength: 1,
      maxLength: 3,
    }),
    latenessMs: fc.constantFrom(0, 60),
    sizeMs: fc.constantFrom(7, 50),
    own: fc.boolean(),
    idle: fc.boolean(),
    hops: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ splits, ...rest }) => ({
    ...rest,
    splits: splits.map((phases, split) =>
      phases.map((batches, phase) => batches.map((rows, k) => readOf({ rows, split, phase, k }))),
    ),
  }))

/** No two reads come at one time, and event time advances by about 100 ms a phase. */
function readOf(where: {
  readonly rows: readonly Row[]
  readonly split: number
  readonly phase: number
  readonly k: number
}): Read {
  const { split, phase, k } = where
  const inMs = phase * PHASE_MS + FIRST_READ_MS + (3 * k + split) * BETWEEN_READS_MS
  const rows = where.rows.map(({ key, at }) => ({ key, at: at + 80 * phase }))
  return { inMs, rows, watermark: Math.min(...rows.map(({ at }) => at)) + 10 }
}

const crashes = fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 })

/** Three inputs that have gone idle, the latest of them not last: time is not where that one is. */
const threeIdle: Script = {
  latenessMs: 0,
  sizeMs: 7,
  own: false,
  idle: true,
  hops: 0,
  splits: [
    [[44, 0], [0], [], [160]],
    [[51, 0], [], [], [240]],
    [[0], [0], [], [240]],
  ].map((phases, split) => {
    const inMs = [3_000, 4_500, 0, 33_000]
    return phases.map((times, phase) => {
      const rows = times.map((at) => ({ key: 0, at }))
      const read = { inMs: inMs[phase]! + split * BETWEEN_READS_MS, rows, watermark: 0 }
      return rows.length === 0 ? [] : [read]
    })
  }),
}

test('event time goes on after a restore as if nothing had been', async () => {
  const property = fc.asyncProperty(script, crashes, async (script, afterCheckpoints) => {
    const parallelism = script.splits.length
    const checkpoints = { interval: `${PHASE_MS} ms` } as const
    const undisturbed = await outcome(script, { parallelism })
    const crashed = await outcome(script, {
      parallelism,
      checkpoints,
      crashes: { afterCheckpoints },
    })
    expect(crashed.given).toEqual(undisturbed.given)
    expect(crashed.restarts).toBeLessThanOrEqual(afterCheckpoints.length)
  })
  const numRuns = Number(process.env.RUNS ?? 60)
  await fc.assert(property, { numRuns, examples: [[threeIdle, [1]]] })
})

test.each([true, false])('splits side by side stay so in one subtask (own: %s)', async (own) => {
  const times = Array.from({ length: 12 }, (_, k) => [50 * k, 50 * k + 20])
  const splits = [0, 1].map((split) =>
    times.map((batch, k) => [
      {
        inMs: 0,
        rows: batch.map((at) => ({ key: split, at })),
        watermark: 50 * k + 20,
      },
    ]),
  )
  const script = { splits, latenessMs: 0, sizeMs: 50, own, idle: false, hops: 0 }
  const undisturbed = await outcome(script, { parallelism: 2 })
  expect(undisturbed.given.late).toEqual([])
  const { given, restarts } = await outcome(script, {
    parallelism: 2,
    checkpoints: { everyRecords: 10 },
    crashes: { afterCheckpoints: [1, 3], parallelism: [1] },
  })
  expect(restarts).toBe(2)
  expect(given.late).toEqual([])
  expect(given.windows).toEqual(undisturbed.given.windows)
})
