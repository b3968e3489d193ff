/** Keys are looked up ahead, and records read field by field: no job must notice. */
import { expect, test } from 'vitest'
import {
  count,
  defineJob,
  type Emit,
  first,
  output,
  sum,
  tumbling,
  value,
} from '../../src/api/index.ts'
import { collection, generator } from '../../src/connector/generator/index.ts'
import { runInline } from '../../src/testing/index.ts'

interface Row {
  readonly k: string | number
  readonly n: number
  readonly m: number
}

const RECORDS = 2000
const KEYS = 7

const keyOf = { numbers: (i: number) => i % KEYS, texts: (i: number) => `key ${i % KEYS}` }

function counted(rows: readonly { key: unknown; count: number }[]): Map<unknown, number> {
  return new Map(rows.map(({ key, count }) => [key, count]))
}

/** Channels of one gate whose rows have event times, and whose rows have none. */
test.each([
  ['numbers', 'timed first'],
  ['numbers', 'plain first'],
  ['texts', 'timed first'],
  ['texts', 'plain first'],
] as const)('a union of timed and untimed records counts right: %s, %s', async (kind, order) => {
  const make = (i: number): Row => ({ k: keyOf[kind](i), n: i, m: i })
  const job = defineJob('mixed', (env) => {
    const timed = env
      .from(generator({ count: RECORDS, make }))
      .uid('timed')
      .watermarks({ time: 'm' })
    const plain = env.from(generator({ count: RECORDS, make })).uid('plain')
    const both = order === 'timed first' ? timed.union(plain) : plain.union(timed)
    both
      .keyBy('k')
      .process({
        state: { count: value(0) },
        process(_row, ctx, emit: Emit<{ key: unknown; count: number }>) {
          ctx.state.count.set(ctx.state.count.get() + 1)
          emit({ key: ctx.key, count: ctx.state.count.get() })
        },
      })
      .collect('processed')
    both.keyBy('k').aggregate({ count: count() }).collect('aggregated')
  })
  const { rows: collected } = await runInline(job)
  const expected = new Map<unknown, number>()
  for (let i = 0; i < RECORDS; i++) {
    const key = keyOf[kind](i)
    expected.set(key, (expected.get(key) ?? 0) + 2)
  }
  expect(counted(collected('processed') as never)).toEqual(expected)
  expect(counted(collected('aggregated') as never)).toEqual(expected)
})

test.each([
  ['texts', ''],
  ['numbers', 0],
])('a record that is null fails, though its key would be known: %s', async (_, key) => {
  const some = Array.from({ length: 200 }, (_, n) => (n % 2 === 1 ? { key, n } : null))
  const rows = [{ key, n: 1 }, ...some]
  const job = defineJob('nulls', (env) => {
    env
      .from(collection(rows as { key: string | number; n: number }[]))
      .keyBy('key')
      .aggregate({ count: count() })
      .collect('rows')
  })
  await expect(runInline(job)).rejects.toMatchObject({ code: 'OPERATOR_FAILED' })
})

test('what a function makes of the record does not change the key that is emitted', async () => {
  const job = defineJob('changing', (env) => {
    env
      .from(
        collection([
          { k: 'a', n: 1 },
          { k: 'b', n: 2 },
          { k: 'a', n: 3 },
        ]),
      )
      .keyBy('k')
      .aggregate({
        total: sum((row: { k: string; n: number }) => {
          row.k = 'changed'
          return row.n
        }),
      })
      .collect('rows')
  })
  const { rows: collected } = await runInline(job)
  expect(collected('rows')).toEqual([
    { key: 'a', total: 1 },
    { key: 'b', total: 2 },
    { key: 'a', total: 4 },
  ])
})

test('fields within fields keep their names', async () => {
  const inner = { 'this.x': 1, y: 2 }
  const job = defineJob('names', (env) => {
    env
      .from(collection([{ k: 'a', inner }]))
      .keyBy('k')
      .aggregate({ inner: first('inner') })
      .collect('rows')
  })
  const { rows: collected } = await runInline(job)
  expect(collected('rows')).toEqual([{ key: 'a', inner }])
})

test('late records go to their side output whole, each its own', async () => {
  const late = output<{ k: string; at: number; n: number }>('late')
  const early = Array.from({ length: 5_000 }, (_, n) => ({ k: `key ${n % 2}`, at: 5_000, n }))
  const tooLate = [10, 20, 30].map((at, n) => ({ k: `key ${n % 2}`, at, n }))
  const job = defineJob('late', (env) => {
    const windows = env
      .from(collection([...early, ...tooLate]))
      .watermarks({ time: 'at' })
      .keyBy('k')
      .window(tumbling('1 s'))
      .lateTo(late)
      .aggregate({ count: count() })
    windows.collect('rows')
    windows.sideOutput(late).collect('late')
  })
  const { rows: collected } = await runInline(job)
  expect(collected('late')).toEqual(tooLate)
})
