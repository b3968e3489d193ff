/** Records by chained operator in whole jobs, beside what the operators themselves have seen. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  blackhole,
  count,
  defineJob,
  type Emit,
  output,
  type Stream,
  tumbling,
  value,
} from '../../src/api/index.ts'
import { generator } from '../../src/connector/generator/index.ts'
import { type InlineOptions, type InlineResult, runInline } from '../../src/testing/index.ts'

const RECORDS = 1_000

interface Event {
  i: number
  key: number
  time: number
}

const big = output<Event>('big')
const late = output<Event>('late')
type Called = (name: string) => void

/** A job whose functions count what they are called with. */
function everyKind() {
  const seen: Record<string, number> = { 'late ones': 0 }
  const called = (name: string) => {
    seen[name] = (seen[name] ?? 0) + 1
  }
  const job = defineJob('every kind', (env) => {
    const make = (i: number) => ({ i, key: i % 7, time: i - (i % 50 === 49 ? 500 : 0) })
    const events = env.from(generator<Event>({ count: RECORDS, splits: 2, make })).name('events')
    windowed(splitInTwo(events, called), called)
    keyed(events, called)
  })
  return { job, seen }
}

function splitInTwo(events: Stream<Event>, called: Called): Stream<Event> {
  const split = events
    .filter(({ i }) => {
      called('some')
      return i % 3 !== 0
    })
    .name('some')
    .flatMap((event) => {
      called('repeat')
      return event.i % 7 < 5 ? [event, event] : []
    })
    .name('repeat')
    .process((event, ctx, emit: Emit<Event>) => {
      called('split')
      if (event.i < 500) emit(event)
      else ctx.emitTo(big, event)
    })
    .name('split')
  split
    .sideOutput(big)
    .map((event) => {
      called('bigger')
      return { ...event, i: event.i + 1 }
    })
    .name('bigger')
    .to(blackhole())
  return split
}

function windowed(events: Stream<Event>, called: Called): void {
  const windows = events
    .watermarks({ time: 'time' })
    .keyBy('key')
    .window(tumbling('100 ms'))
    .lateTo(late)
    .aggregate({ n: count() })
    .name('windows')
  windows
    .map((row) => {
      called('rows')
      return row
    })
    .name('rows')
    .collect('rows')
  windows
    .sideOutput(late)
    .map((row) => {
      called('late ones')
      return row
    })
    .name('late ones')
    .to(blackhole())
}

function keyed(events: Stream<Event>, called: Called): void {
  events
    .keyBy('key')
    .process({
      state: { n: value(0) },
      process(event, _, emit: Emit<Event>) {
        called('thirds')
        if (event.i % 3 === 0) emit(event)
      },
    })
    .name('thirds')
    .filter(() => {
      called('all')
      return true
    })
    .name('all')
    .to(blackhole())
}

/** Over all subtasks, by the operator's name. */
function sums({ metrics }: InlineResult): Record<string, { in: number; out: number }> {
  const totals: Record<string, { in: number; out: number }> = {}
  for (const { name, recordsIn, recordsOut } of metrics.subtasks.flatMap((one) => one.operators)) {
    const total = (totals[name] ??= { in: 0, out: 0 })
    total.in += recordsIn
    total.out += recordsOut
  }
  return totals
}

async function runEveryKind(options: InlineOptions) {
  const { job, seen } = everyKind()
  const result = await runInline(job, options)
  return { result, seen, totals: sums(result) }
}

test.each([{}, { parallelism: 2, seed: 5 }, { config: { chaining: false } }])(
  'every operator has its records in and out, whether chained or not: %j',
  async (options) => {
    const { totals, seen, result } = await runEveryKind(options)
    for (const name of Object.keys(seen)) expect(totals[name]!.in, name).toBe(seen[name])
    expect(totals.events).toEqual({ in: RECORDS, out: RECORDS })
    expect(totals.some.out).toBe(seen.repeat)
    expect(totals.repeat.out).toBe(seen.split)
    expect(totals.split.out).toBe(seen.split)
    expect(totals.watermarks).toEqual({
      in: totals.split.out - seen.bigger,
      out: totals.split.out - seen.bigger,
    })
    expect(totals.windows.out).toBe(seen.rows + seen['late ones']!)
    expect(totals.thirds.out).toBe(seen.all)
    expect(totals.all.out).toBe(seen.all)
    expect(totals.rows.out).toBe(result.rows('rows').length)
    expect(totals.blackhole).toEqual({
      in: seen.bigger + seen['late ones']! + seen.all,
      out: 0,
    })
  },
)

test('the head of each chain has what its subtask was given', async () => {
  const { result, seen } = await runEveryKind({})
  expect(seen['late ones']).toBeGreaterThan(0)
  for (const { operators, recordsIn } of result.metrics.subtasks) {
    expect(operators[0]!.recordsIn).toBe(recordsIn)
  }
})

test('after a restart they begin anew, and go on fitting together', async () => {
  const { totals, result } = await runEveryKind({
    parallelism: 2,
    seed: 3,
    checkpoints: { everyRecords: 100 },
    crashes: { afterRecords: [900] },
  })
  expect(result.restarts).toBe(1)
  expect(totals.events.in).toBeGreaterThan(0)
  expect(totals.events.in).toBeLessThan(RECORDS)
  expect(totals.some.in).toBe(totals.events.out)
  expect(totals.repeat.in).toBe(totals.some.out)
  expect(totals.split.in).toBe(totals.repeat.out)
  expect(totals.thirds.in).toBe(totals.events.out)
  expect(totals.all.in).toBe(totals.thirds.out)
})

test('a broadcast counts once for its operator, and once a channel for its subtask', async () => {
  const job = defineJob('broadcast', (env) => {
    env
      .from(generator({ count: 10, make: (i) => ({ i }) }))
      .filter(({ i }) => i < 4)
      .name('few')
      .parallelism(1)
      .broadcast()
      .map((record) => record)
      .parallelism(3)
      .to(blackhole())
      .parallelism(3)
  })
  const result = await runInline(job)
  expect(sums(result).few!.out).toBe(4)
  const few = result.metrics.subtasks.find(({ operators }) => operators.at(-1)!.name === 'few')
  expect(few!.recordsOut).toBe(12)
})

test('docs/metrics.md has every metric that there is', async () => {
  const { result } = await runEveryKind({})
  const text = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
  const listed = text.split('\n').filter((line) => line.startsWith('| `'))
  const names = listed.flatMap((line) => line.split('|')[1]!.match(/\w+/g))
  const [subtask] = result.metrics.subtasks
  const { perSecond, queues, operators } = subtask!
  const described = [result.metrics, subtask!, perSecond, queues, operators[0]!]
  // There only while a checkpoint is under way.
  const known = [...described.flatMap(Object.keys), 'checkpointsUnderWay']
  expect([...names].sort()).toEqual([...known].sort())
})
