import { expect, test } from 'vitest'
import { output } from '../../src/api/output.ts'
import { list, value } from '../../src/api/state-specs.ts'
import { planOf, planText } from '../../src/graph/plan.ts'
import { bids, chainsOf, sink } from './jobs.ts'

const graph = chainsOf((env) => {
  const odd = output<{ auction: string }>('odd')
  const checked = env.from(bids()).process(() => {})
  checked
    .sideOutput(odd)
    .keyBy('auction')
    .process({ state: { seen: value(0), last: list<string>() }, process() {} })
    .name('odd auctions')
    .uid('odd')
    .to(sink())
    .parallelism(1)
})

test('the plan shows chains, exchanges, ids and declared states', () => {
  const [source, keyed, out] = graph.vertices.map((vertex) => vertex.root)
  const process = source!.children[0]!.tree
  const states = 'state seen (value), last (list)'
  expect(planText(planOf(graph))).toBe(
    [
      'job test: 3 chains, 5 tasks',
      '',
      '1  bids -> process',
      '   2 subtasks (at most 128)',
      `   ${source!.operatorId}  bids: source`,
      `   ${process.operatorId}  process: process`,
      '',
      '2  odd auctions',
      '   2 subtasks (at most 128)',
      "   reads 1 'process' [odd]: hash by auction",
      `   ${keyed!.operatorId}  odd auctions: keyed-process, uid odd, ${states}`,
      '',
      '3  blackhole',
      '   1 subtask (at most 128)',
      "   reads 2 'odd auctions': rebalance",
      `   ${out!.operatorId}  blackhole: sink`,
      '',
    ].join('\n'),
  )
})

test('the plan is plain data', () => {
  const plan = planOf(graph)
  expect(JSON.parse(JSON.stringify(plan))).toMatchObject({
    job: 'test',
    tasks: 5,
    vertices: [{ name: 'bids -> process' }, { inputs: [{ exchange: 'hash', key: 'auction' }] }, {}],
  })
})
