/** Records by operator: which are counted, which follow from others, and that they are right. */
import { expect, test } from 'vitest'
import type { Operator } from '../../src/operator/contract.ts'
import type { OperatorSpec } from '../../src/operator/spec.ts'
import { compileChain } from '../../src/task/compiled-chain.ts'
import { chainOf, FakeWriter, type Sketch } from './fakes.ts'

const source = { kind: 'source', source: {} } as unknown as OperatorSpec
const pass: OperatorSpec = { kind: 'map', fn: (n) => n }
const odd: OperatorSpec = { kind: 'filter', fn: (n) => n % 2 === 1 }
const twice: OperatorSpec = { kind: 'flatMap', fn: (n) => [n, n] }

/** Emits to main and, records above 5, to the side output `big`. */
function splitting(): Sketch & { connect: (emit: (n: number) => void) => void } {
  let emit: (n: number) => void = () => {}
  const operator: Operator = { open: () => {}, process: (record) => emit(record as number) }
  const spec = { kind: 'process', process: {} } as unknown as OperatorSpec
  return {
    name: 'split',
    spec,
    operator,
    connect: (given) => {
      emit = given
    },
  }
}

function sinkOf(): Sketch {
  const operator = {
    recordsWritten: 0,
    open: () => {},
    process: () => {
      operator.recordsWritten++
    },
  }
  return { spec: { kind: 'sink', sink: {} } as unknown as OperatorSpec, operator }
}

function compile(sketch: Sketch) {
  return compileChain({
    head: chainOf(sketch),
    label: 'flows',
    gate: { credit: { stalled: 0 }, control: { pending: 0 } },
    onFailure: (error) => {
      throw error
    },
  })
}

type Chain = ReturnType<typeof compile>

function run(chain: Chain, records: readonly unknown[]): readonly (readonly number[])[] {
  const batch = { count: records.length, position: 0, record: (i: number) => records[i] }
  chain.batchLoop(false)(batch, 0, records.length)
  return flowsOf(chain, records.length)
}

function flowsOf(chain: Chain, headIn: number): readonly (readonly number[])[] {
  const told: (readonly number[])[] = []
  chain.flows.forEach(headIn, (operator, recordsIn, out) => told.push([operator, recordsIn, out]))
  return told
}

const countsOf = (chain: Chain) => chain.code.match(/counts\[\d+\]\+\+/g) ?? []

test('nothing is counted where an exit or a sink behind the operator does so anyway', () => {
  const writer = new FakeWriter()
  const chain = compile({
    spec: source,
    children: [
      { spec: odd, children: [{ spec: pass, exits: [{ writer }] }] },
      { spec: twice, children: [{ spec: pass, children: [sinkOf()] }] },
    ],
  })
  expect(countsOf(chain)).toEqual([])
  expect(run(chain, [1, 2, 3, 4, 5])).toEqual([
    [0, 5, 5],
    [1, 5, 3],
    [2, 3, 3],
    [3, 5, 10],
    [4, 10, 10],
    [5, 10, 0],
  ])
})

test('what nobody else knows is counted, such as an output that nobody reads', () => {
  const writer = new FakeWriter()
  const chain = compile({
    spec: source,
    children: [
      {
        spec: odd,
        children: [
          { spec: pass, children: [{ spec: odd, exits: [{ writer }] }] },
          { spec: pass, children: [{ spec: twice }] },
        ],
      },
    ],
  })
  expect(countsOf(chain)).toHaveLength(2)
  expect(run(chain, [1, 2, 3, 4, 5])).toEqual([
    [0, 5, 5],
    [1, 5, 3],
    [2, 3, 3],
    [3, 3, 3],
    [4, 3, 3],
    [5, 3, 6],
  ])
})

test('side outputs count as output, and what reads them is told what it was given', () => {
  const split = splitting()
  const writer = new FakeWriter()
  const chain = compile({
    spec: source,
    children: [
      {
        ...split,
        children: [
          { spec: odd, exits: [{ writer }] },
          { ...sinkOf(), sideOutput: 'big' },
        ],
      },
    ],
  })
  const { main, sides } = chain.emitters[1]!
  split.connect((n) => (n > 5 ? sides.get('big')! : main)(n, 0))
  expect(run(chain, [1, 2, 3, 7, 8])).toEqual([
    [0, 5, 5],
    [1, 5, 5],
    [2, 3, 2],
    [3, 2, 0],
  ])
})

test('a side output of a one-to-one operator adds to what it hands on', () => {
  const chain = compile({
    spec: source,
    children: [{ spec: twice }, { ...sinkOf(), sideOutput: 'unreadable' }],
  })
  run(chain, [1, 2, 3])
  chain.emitters[0]!.sides.get('unreadable')!('torn', 0)
  expect(flowsOf(chain, 3)).toEqual([
    [0, 3, 4],
    [1, 3, 6],
    [2, 1, 0],
  ])
})
