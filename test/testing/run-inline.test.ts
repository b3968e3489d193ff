import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  type Batch,
  count,
  defineJob,
  type Emit,
  list,
  map,
  output,
  print,
  type Sink,
  type Source,
  type Stream,
  sum,
  tumbling,
  value,
} from '../../src/api/index.ts'
import { parquet } from '../../src/connector/file/index.ts'
import { jsonLines } from '../../src/connector/file/json-lines.ts'
import { collection, generator } from '../../src/connector/generator/index.ts'
import { ManualClock, runInline, SluiceError } from '../../src/testing/index.ts'
import { parquetFixture } from '../connector/file/parquet-fixture.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-inline-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const numbers = (n: number) => Array.from({ length: n }, (_, i) => i)

test('a job gives what it collects and prints, and closures see what happens', async () => {
  const seen: number[] = []
  const job = defineJob('closures', (env, args: { factor: number }) => {
    const products = env.from(collection([1, 2, 3])).map((n) => {
      seen.push(n)
      return { n: n * args.factor }
    })
    products.collect('products')
    products.to(print())
  })
  const result = await runInline(job, { args: { factor: 10 } })
  expect(result.status).toBe('finished')
  expect(result.rows('products')).toEqual([{ n: 10 }, { n: 20 }, { n: 30 }])
  expect(result.printed).toEqual([{ n: 10 }, { n: 20 }, { n: 30 }])
  expect(seen).toEqual([1, 2, 3])
  expect(result.metrics).toMatchObject({ recordsRead: 3, recordsTotal: 3 })
  expect(() => result.rows('sums')).toThrow(expect.objectContaining({ code: 'NO_SUCH_RESULT' }))
})

interface Numbered {
  n: number
  key: number
}

test.each([1, 3])('every kind of operator runs at parallelism %d', async (parallelism) => {
  const odd = output<number>('odd')
  const job = defineJob('all kinds', (env) => {
    const all = env.from(generator({ count: 100, make: (i) => i, time: (i) => i }))
    const even = all.process<number>((n, ctx, emit) => {
      if (n % 2 === 0) emit(n)
      else ctx.emitTo(odd, n)
    })
    const both = even
      .map((n) => n)
      .rebalance()
      .union(even.sideOutput(odd).filter((n) => n < 50))
      .flatMap((n) => [{ n, half: n / 2, key: n % 5 }])
      .pick('n', 'key')
    both.collect('both')
    rollingOf(both)
    windowsOf(both)
    statesOf(both)
    env
      .from(collection(['a', 'b']))
      .broadcast()
      .map((word) => word)
      .collect('words')
    exchangesOf(both)
  })
  const { rows } = await runInline(job, { parallelism })
  const expected = numbers(100).filter((n) => n % 2 === 0 || n < 50)
  const sorted = (name: string) => [...rows<number>(name)].sort((a, b) => a - b)
  expect(
    rows<{ n: number }>('both')
      .map(({ n }) => n)
      .sort((a, b) => a - b),
  ).toEqual(expected)
  expect(sorted('global')).toEqual(expected)
  expect(sorted('custom')).toEqual(expected)
  expect(Math.max(...sorted('reduced'))).toBe(sumOf(expected.filter((n) => n % 5 === 3)))
  expect(rows<{ seen: number }>('aggregated').filter(({ seen }) => seen === 15)).toHaveLength(5)
  const windowKeys = numbers(5).flatMap((key) => [0, 50].map((start) => `${key} ${start}`))
  const windows = rows<[number, number, number]>('windows')
  expect(windows.map(([key, start]) => `${key} ${start}`).sort()).toEqual(windowKeys)
  expect(sumOf(windows.map(([, , total]) => total))).toBe(sumOf(expected))
  expect(sumOf(rows<number[]>('window lists').map((row) => row[2]!))).toBe(75)
  const states = rows<[boolean, number, number, unknown]>('state')
  expect([...states].sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual([
    [
      false,
      96,
      45,
      [
        [0, 15],
        [1, 15],
        [2, 15],
      ],
    ],
    [
      true,
      98,
      30,
      [
        [3, 15],
        [4, 15],
      ],
    ],
  ])
  expect(rows('words')).toHaveLength(2 * parallelism)
})

test('files are written and committed, and refused where they are already', async () => {
  const job = defineJob('files', (env) => {
    env.from(collection(numbers(50_000).map((n) => ({ n })))).to(jsonLines(folder))
  })
  await runInline(job, { parallelism: 2 })
  expect(linesIn(folder)).toHaveLength(50_000)
  await expect(runInline(job)).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
  await runInline(job, { overwrite: true })
  expect(linesIn(folder)).toHaveLength(50_000)
})

test('a job that fails leaves no file behind', async () => {
  const job = defineJob('files', (env) => {
    env
      .from(collection(numbers(50_000)))
      .map((n) => {
        if (n === 49_999) throw new Error('too far')
        return { n }
      })
      .to(jsonLines(folder))
  })
  await expect(runInline(job)).rejects.toMatchObject({ code: 'OPERATOR_FAILED', record: '49999' })
  expect(readdirSync(folder)).toEqual([])
})

test('a rate moves the manual clock, not the real one', async () => {
  const clock = new ManualClock(Date.UTC(2024, 0, 1))
  const job = defineJob('rate', (env) => {
    const seconds = env.from(generator({ count: 3_601, rate: 1, make: (i) => ({ i }) }))
    seconds
      .map(({ i }) => ({ i, atMs: clock.nowMs() }))
      .rebalance()
      .map((row) => row)
      .collect('rows')
  })
  const { rows } = await runInline(job, { clock })
  expect(rows('rows')).toHaveLength(3_601)
  expect(rows('rows').at(-1)).toEqual({ i: 3_600, atMs: Date.UTC(2024, 0, 1, 1) })
  expect(clock.nowMs()).toBe(Date.UTC(2024, 0, 1, 1))
})

test('timers of processing time fire exactly when they are due', async () => {
  const job = defineJob('debounce', (env) => {
    env
      .from(generator({ count: 6, rate: 1, make: (i) => ({ i, key: i < 4 ? 'a' : 'b' }) }))
      .keyBy('key')
      .process({
        state: { seen: value(0) },
        process(_record, { state, timers, processingTime }) {
          if (state.seen.get() === 0) timers.onProcessingTime(processingTime + 1_500)
          state.seen.set(state.seen.get() + 1)
        },
        onTimer(timeMs, { key, state, processingTime }, emit: Emit<unknown>) {
          emit([key, state.seen.get(), timeMs, processingTime])
        },
      })
      .collect('fired')
  })
  // The timer of 'b' would be due at 5,500, after the input's end.
  const { rows } = await runInline(job)
  expect(rows('fired')).toEqual([['a', 2, 1_500, 1_500]])
})

test('untilMs ends a job that has no end, with all that was due up to then', async () => {
  const job = defineJob('endless', (env) => {
    const ticks = env.from(generator({ rate: 10, make: (i) => ({ i }) }))
    ticks
      .keyBy('i')
      .reduce((a) => a)
      .collect('ticks')
    ticks.to(jsonLines(folder))
  })
  const { rows, status, clock } = await runInline(job, { untilMs: 1_000, parallelism: 2 })
  expect(status).toBe('canceled')
  expect(clock.nowMs()).toBe(1_000)
  expect(
    rows<{ i: number }>('ticks')
      .map(({ i }) => i)
      .sort((a, b) => a - b),
  ).toEqual(numbers(12))
  expect(readdirSync(folder)).toEqual([])
  await expect(runInline(job)).rejects.toMatchObject({ code: 'JOB_UNBOUNDED' })
})

test('an asynchronous reader is waited for, and the clock stands still', async () => {
  const file = join(folder, 'numbers.parquet')
  const columns = [{ name: 'n', type: 'INT32' as const, values: numbers(1_000) }]
  writeFileSync(file, parquetFixture(columns, { rowsPerGroup: 100 }))
  const job = defineJob('parquet', (env) => {
    env
      .from(parquet(file))
      .keyBy(() => 'all')
      .aggregate({ rows: count() })
      .collect('rows')
  })
  const { rows, clock } = await runInline(job, { parallelism: 2 })
  expect(rows('rows').at(-1)).toEqual({ key: 'all', rows: 1_000 })
  expect(clock.nowMs()).toBe(0)
})

test('one call may emit far more than the rings hold', async () => {
  const job = defineJob('fan-out', (env) => {
    env
      .from(collection([200_000, 3]))
      .flatMap((n) => numbers(n).map((i) => ({ i, text: `number ${i}` })))
      .rebalance()
      .map(({ i }) => i)
      .collect('rows')
  })
  const config = { segmentSize: '256 b', buffersPerChannel: 2, overdraftBytesMax: '1 mb' }
  const { rows } = await runInline(job, { config: { ...config, recordBytesMax: '1 mb' } })
  expect(rows('rows')).toEqual([...numbers(200_000), 0, 1, 2])
})

test('a sink that is full is waited for', async () => {
  const written: number[] = []
  const sink: Sink<number> = {
    kind: 'slow',
    name: 'slow',
    options: {},
    writer: ({ wake }) => {
      let full = false
      const empty = () => {
        full = false
        wake()
      }
      return {
        write(n) {
          written.push(n)
          full = true
          setTimeout(empty, 2)
        },
        ready: () => !full,
        prepareCommit: async () => [],
        close: () => {},
      }
    },
  }
  const job = defineJob('slow', (env) => void env.from(collection([1, 2, 3, 4])).to(sink))
  const { clock } = await runInline(job)
  expect(written).toEqual([1, 2, 3, 4])
  expect(clock.nowMs()).toBe(0)
})

test('a source that listens to the world is waited for', async () => {
  const job = defineJob('listening', (env) => void env.from(delivered([1, 2, 3])).collect('rows'))
  expect((await runInline(job)).rows('rows')).toEqual([1, 2, 3])
})

test('an error names code, operator, record and cause', async () => {
  const error = await failure(
    defineJob('failing', (env) => {
      env
        .from(collection([{ n: 1 }, { n: 2 }]))
        .map(({ n }) => {
          if (n === 2) throw new TypeError('two')
          return n
        })
        .name('not two')
        .collect('rows')
    }),
  )
  expect(error).toMatchObject({
    code: 'OPERATOR_FAILED',
    operator: 'not two',
    record: '{ n: 2 }',
    message: "operator 'not two' failed: two",
    cause: expect.any(TypeError),
  })
})

test.each(['open', 'close'] as const)('an error in %s is told', async (method) => {
  const closed: string[] = []
  const error = await failure(
    defineJob('failing', (env) => {
      env
        .from(collection([1]))
        .process({
          process: () => {},
          [method]: () => Promise.reject(new Error('no server')),
        })
        .name('client')
        .process({ process: () => {}, close: () => void closed.push('second') })
        .collect('rows')
    }),
  )
  expect(error).toMatchObject({ code: 'OPERATOR_FAILED', operator: 'client' })
  expect(closed).toEqual(['second'])
})

test('an error of a source names the source, also where it cannot be read twice', async () => {
  const make = () => {
    throw new Error('nothing to make')
  }
  const generated = await failure(
    defineJob('failing', (env) => {
      env
        .from(generator({ count: 1, make }))
        .name('makes nothing')
        .to(print())
    }),
  )
  const expected = { code: 'OPERATOR_FAILED', operator: 'makes nothing' }
  expect(generated).toMatchObject({ ...expected, cause: new Error('nothing to make') })
  for (const next of [make, () => Promise.reject(new Error('nothing to make'))]) {
    const source = { ...delivered([1]), reader: () => ({ open() {}, next, close() {} }) }
    const error = await failure(
      defineJob('failing', (env) => void env.from(source).name('makes nothing').to(print())),
    )
    expect(error).toMatchObject({ ...expected, cause: new Error('nothing to make') })
  }
})

test('an error is not hidden by one in close', async () => {
  const error = await failure(
    defineJob('failing', (env) => {
      env
        .from(collection([1]))
        .process({
          process: () => {
            throw new Error('first')
          },
          close: () => {
            throw new Error('second')
          },
        })
        .collect('rows')
    }),
  )
  expect(error.message).toContain('first')
})

function rollingOf(both: Stream<Numbered>): void {
  both
    .keyBy('key')
    .reduce((a, b) => ({ key: a.key, n: a.n + b.n }))
    .map(({ n }) => n)
    .collect('reduced')
  both.keyBy('key').aggregate({ seen: count() }).collect('aggregated')
}

function windowsOf(both: Stream<Numbered>): void {
  const timed = both.watermarks({ time: 'n', outOfOrder: 1_000 })
  timed
    .keyBy('key')
    .window(tumbling(50))
    .aggregate({ total: sum('n') })
    .map(({ key, window, total }) => [key, window.start, total])
    .collect('windows')
  timed
    .keyBy('key')
    .window(tumbling(50))
    .process((key, window, records, emit: Emit<unknown>) =>
      emit([key, window.end, [...records].length]),
    )
    .collect('window lists')
}

function statesOf(both: Stream<Numbered>): void {
  both
    .keyBy((record) => [record.key > 2])
    .process({
      state: { max: value(0), all: list<number>(), byKey: map<number, number>() },
      process({ n, key }, { state, timers }) {
        state.max.set(Math.max(n, state.max.get()))
        state.all.add(n)
        state.byKey.set(key, (state.byKey.get(key) ?? 0) + 1)
        timers.onEventTime(Number.POSITIVE_INFINITY)
      },
      onTimer(_time, { key, state }, emit: Emit<unknown>) {
        const length = [...state.all].length
        emit([key[0], state.max.get(), length, [...state.byKey].sort()])
      },
    })
    .collect('state')
}

function exchangesOf(both: Stream<Numbered>): void {
  both
    .global()
    .map(({ n }) => n)
    .collect('global')
  both
    .partitionCustom('key', (key, of) => key % of)
    .map(({ n }) => n)
    .collect('custom')
}

function sumOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}

async function failure(job: ReturnType<typeof defineJob>): Promise<SluiceError> {
  const error = await runInline(job).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof SluiceError)) throw new Error(`expected a SluiceError, got ${error}`)
  return error
}

function linesIn(directory: string): readonly string[] {
  return readdirSync(directory).flatMap((name) =>
    readFileSync(join(directory, name), 'utf8').trimEnd().split('\n'),
  )
}

/** Gives its records one by one, whenever a real timer says so. */
function delivered<T>(records: readonly T[]): Source<T> {
  return {
    kind: 'delivered',
    name: 'delivered',
    options: {},
    bounded: true,
    enumerator: () => ({ discover: async () => [{ id: 'all' }] }),
    reader: ({ wake }) => {
      const waiting = [...records]
      const come: T[] = []
      const deliver = () => {
        come.push(waiting.shift()!)
        wake()
      }
      return {
        open: () => {},
        next() {
          if (come.length > 0) return batchOf(come.splice(0))
          if (waiting.length === 0) return undefined
          setTimeout(deliver, 3)
          return 'later'
        },
        laterMs: Number.POSITIVE_INFINITY,
        close: () => {},
      }
    },
  }
}

function batchOf<T>(records: readonly T[]): Batch<T> {
  return { count: records.length, position: 0, record: (i) => records[i]! }
}
