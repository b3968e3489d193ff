import { expect, test } from 'vitest'
import type { Operator } from '../../src/operator/contract.ts'
import type { Batch } from '../../src/operator/source.ts'
import type { OperatorSpec } from '../../src/operator/spec.ts'
import type { CompiledChain } from '../../src/task/compiled-chain.ts'
import { compileChain } from '../../src/task/compiled-chain.ts'
import { chainOf, FakeWriter, type Sketch } from './fakes.ts'

const source = { kind: 'source', source: {} } as unknown as OperatorSpec
const map = (fn: (r: never) => unknown): OperatorSpec => ({ kind: 'map', fn })
const filter = (fn: (r: never) => boolean): OperatorSpec => ({ kind: 'filter', fn })

function compile(sketch: Sketch, credit = { stalled: 0 }): CompiledChain {
  return compileChain({
    head: chainOf(sketch),
    label: 'test',
    gate: { credit, control: { pending: 0 } },
    onFailure: (error, read) => {
      throw Object.assign(error as Error, { record: read() })
    },
  })
}

function run(chain: CompiledChain, records: readonly unknown[]): number {
  const batch: Batch = { count: records.length, position: 0, record: (i) => records[i] }
  return chain.batchLoop(false)(batch, 0, records.length)
}

test('map, filter and flatMap are called in order and what is left is written', () => {
  const writer = new FakeWriter()
  const chain = compile({
    spec: source,
    children: [
      {
        spec: map((n: number) => n * 10),
        children: [
          {
            spec: filter((n: number) => n !== 20),
            children: [
              { spec: { kind: 'flatMap', fn: (n: number) => [n, n + 1] }, exits: [{ writer }] },
            ],
          },
        ],
      },
    ],
  })
  expect(run(chain, [1, 2, 3])).toBe(3)
  expect(writer.written).toEqual([10, 11, 30, 31])
})

test('every branch but the last gets a copy, since a record belongs to who receives it', () => {
  const first = new FakeWriter()
  const second = new FakeWriter()
  const spoil = map((r: { n: number }) => {
    r.n = -1
    return r
  })
  const chain = compile({
    spec: source,
    children: [
      { spec: spoil, exits: [{ writer: first }] },
      { spec: map((r: { n: number }) => r), exits: [{ writer: second }] },
    ],
  })
  const record = { n: 1 }
  run(chain, [record])
  expect(first.written).toEqual([{ n: -1 }])
  expect(second.written[0]).toBe(record)
  expect(record.n).toBe(1)
})

test('pick keeps the named fields only', () => {
  const writer = new FakeWriter()
  const chain = compile({
    spec: source,
    children: [{ spec: { kind: 'pick', fields: ['a', 'b c'] }, exits: [{ writer }] }],
  })
  run(chain, [{ a: 1, 'b c': 2, d: 3 }])
  expect(writer.written).toEqual([{ a: 1, 'b c': 2 }])
})

test('a pick of a shared record copies what its fields hold', () => {
  const picked = new FakeWriter()
  const whole = new FakeWriter()
  const chain = compile({
    spec: source,
    children: [
      { spec: { kind: 'pick', fields: ['tags'] }, exits: [{ writer: picked }] },
      { spec: map((r: object) => r), exits: [{ writer: whole }] },
    ],
  })
  const record = { tags: ['a'] }
  run(chain, [record])
  expect(picked.written).toEqual([{ tags: ['a'] }])
  expect((picked.written[0] as typeof record).tags).not.toBe(record.tags)
  expect(whole.written[0]).toBe(record)
})

test('a loop stops before the next record when there is no credit', () => {
  const credit = { stalled: 0 }
  const writer = new FakeWriter()
  const chain = compile(
    {
      spec: source,
      children: [
        {
          spec: map((n: number) => {
            if (n === 2) credit.stalled = 1
            return n
          }),
          exits: [{ writer }],
        },
      ],
    },
    credit,
  )
  expect(run(chain, [1, 2, 3])).toBe(2)
  expect(writer.written).toEqual([1, 2])
})

test('an error carries its record, and its stack names the operator that threw', () => {
  const chain = compile({
    spec: source,
    children: [
      {
        name: 'fine',
        spec: map((n: number) => n),
        children: [
          {
            name: 'breaks',
            spec: map((n: number) => {
              if (n === 7) throw new Error('seven')
              return n
            }),
          },
        ],
      },
    ],
  })
  let thrown: (Error & { record?: unknown }) | undefined
  try {
    run(chain, [1, 7])
  } catch (error) {
    thrown = error as Error
  }
  expect(thrown?.message).toBe('seven')
  expect(thrown?.record).toBe(7)
  expect(chain.nodeOfStack(thrown?.stack ?? '')?.name).toBe('breaks')
})

test('an operator emits to its main and side outputs', () => {
  const main = new FakeWriter()
  const side = new FakeWriter()
  const chain = compile({
    spec: source,
    children: [
      {
        spec: { kind: 'process', process: { state: {}, process: () => {} } },
        operator: { open: () => {}, process: () => {} },
        exits: [{ writer: main }, { writer: side, sideOutput: 'late' }],
      },
    ],
  })
  chain.emitters[1]!.main('a', 0)
  chain.emitters[1]!.sides.get('late')!('b', 0)
  expect(main.written).toEqual(['a'])
  expect(side.written).toEqual(['b'])
})

test('what a process function emits is copied for what follows: it may be state', () => {
  const held = { n: 0 }
  const writer = new FakeWriter()
  const seen: unknown[] = []
  const keep = map((r: { n: number }) => {
    seen.push(r)
    return r
  })
  let emit: (record: unknown, timeMs: number) => void = () => {}
  const operator: Operator = {
    open: () => {},
    process: (record) => {
      held.n += record as number
      emit(held, 0)
    },
  }
  const spec = { kind: 'keyed-process', process: {} } as unknown as OperatorSpec
  const chain = compile({
    spec: source,
    children: [{ spec, operator, children: [{ spec: keep, exits: [{ writer }] }] }],
  })
  emit = chain.emitters[1]!.main
  run(chain, [1, 2, 3])
  expect(seen).toEqual([{ n: 1 }, { n: 3 }, { n: 6 }])
})

test('a sink that encodes at once is given the record itself, whoever else holds it', () => {
  const seen: unknown[] = []
  const sinkOf = (encodesAtOnce: boolean): Sketch => ({
    spec: { kind: 'sink', sink: { encodesAtOnce } } as unknown as OperatorSpec,
    operator: { open: () => {}, process: (record) => seen.push(record) },
  })
  const chain = compile({ spec: source, children: [sinkOf(true), sinkOf(false), sinkOf(true)] })
  const record = { n: 1 }
  run(chain, [record])
  expect(seen.map((one) => one === record)).toEqual([true, false, true])
})

test('a record that a flatMap gives twice is two records for what is chained behind it', () => {
  const writer = new FakeWriter()
  const grow = map((r: { n: number }) => {
    r.n++
    return r
  })
  const twice: OperatorSpec = { kind: 'flatMap', fn: (r: object) => [r, r] }
  const chain = compile({
    spec: source,
    children: [{ spec: twice, children: [{ spec: grow, exits: [{ writer }] }] }],
  })
  run(chain, [{ n: 1 }])
  expect(writer.written).toEqual([{ n: 2 }, { n: 2 }])
})

test('a record that cannot be read is the failure of the head, whichever the loop', () => {
  const chain = compile({ spec: source, children: [{ spec: map((n: number) => n) }] })
  const keys = { look: () => 1, expect: () => {}, leave: () => {} }
  const loops = [
    chain.batchLoop(false) as (from: never, start: number, end: number) => number,
    chain.pageLoop({ hasFields: true, keys }),
  ]
  for (const loop of loops) {
    let torn: Error | undefined
    const record = () => {
      // The first of them alone: the record is asked for again, to be told.
      torn ??= new Error('torn')
      throw torn
    }
    expect(() => loop({ record, time: () => 0 } as never, 0, 1)).toThrow('torn')
    expect(chain.nodeOfStack(torn?.stack ?? '')?.spec.kind).toBe('source')
  }
})
