/** Random pipelines, however they are run, against the same steps over plain arrays. */
import fc from 'fast-check'
import { runJob } from 'sluice'
import { runInline } from 'sluice/testing'
import { expect, test } from 'vitest'
import pipeline, { type Item, type PipelineArgs, type Step } from '../fixtures/jobs/pipeline.ts'
import { fixture, within } from './support.ts'

const by = fc.integer({ min: 2, max: 5 })
const keys = fc.integer({ min: 1, max: 30 })
const kind = <K extends string>(...kinds: readonly K[]) => fc.constantFrom(...kinds)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: kind('map', 'flatMap', 'filter', 'union', 'sides'), by }),
  fc.record({ kind: kind('rebalance', 'rescale', 'global', 'custom', 'chain') }),
  fc.record({ kind: kind('countEach', 'totals', 'lists'), keys }),
  fc.record({ kind: kind('windows'), keys, sizeMs: fc.integer({ min: 1, max: 20_000 }) }),
)
const pipelines: fc.Arbitrary<PipelineArgs> = fc.record({
  records: fc.integer({ min: 0, max: 300 }),
  steps: fc.array(step, { minLength: 1, maxLength: 6 }),
})
const how = fc.record({
  parallelism: fc.integer({ min: 1, max: 4 }),
  config: fc.record({
    chaining: fc.boolean(),
    segmentSize: fc.constantFrom('256 b', '1 kb'),
    buffersPerChannel: fc.constantFrom(2, 4),
    bufferTimeout: fc.constantFrom('0 ms', '1 ms'),
    overdraftBytesMax: fc.constantFrom('8 kb', '64 mb'),
    recordBytesMax: fc.constant('4 kb'),
  }),
})

test('random pipelines in one thread give what plain arrays give', async () => {
  const property = fc.asyncProperty(pipelines, how, async (args, options) => {
    const { rows } = await runInline(pipeline, { args: { ...args }, ...options })
    expect(sorted(rows<Item>('items'))).toEqual(sorted(model(args)))
  })
  await fc.assert(property, { numRuns: 100 })
})

test('random pipelines in workers give what plain arrays give', async () => {
  const property = fc.asyncProperty(pipelines, how, async (args, options) => {
    const start = runJob(fixture('pipeline.ts'), { args: { ...args }, ...options })
    const job = await within('a pipeline', start)
    const items: Item[] = []
    const reading = async () => {
      for await (const item of job.collect<Item>('items')) items.push(item)
      await job.finished
    }
    await within('a pipeline', reading())
    expect(sorted(items)).toEqual(sorted(model(args)))
  })
  await fc.assert(property, { numRuns: 8 })
})

function sorted(items: readonly Item[]): readonly string[] {
  return items.map(({ id, n, at, text }) => JSON.stringify([id, n, at, text])).sort()
}

function model({ records, steps }: PipelineArgs): readonly Item[] {
  const read = Array.from({ length: records }, (_, id) => ({
    id,
    n: (id * 37) % 101,
    at: (id * 7_919) % 10_000,
    text: id % 5 === 0 ? '' : `é${id}`,
  }))
  return steps.reduce<readonly Item[]>(behind, read)
}

function behind(items: readonly Item[], step: Step): readonly Item[] {
  switch (step.kind) {
    case 'map':
      return items.map((item) => ({ ...item, n: item.n + step.by }))
    case 'flatMap':
      return items.flatMap((item) => new Array<Item>(item.id % step.by).fill(item))
    case 'filter':
      return items.filter((item) => item.n % step.by !== 0)
    case 'union':
      return [...items, ...items.filter((item) => item.n % step.by === 0)]
    case 'sides':
      return items.map((item) => (item.n % step.by === 0 ? { ...item, text: 'divisible' } : item))
    case 'countEach':
      return groups(items, (item) => [item.n % step.keys] as const).flatMap(({ key, items }) =>
        items.map((_, k) => ({ id: key[0], n: k + 1, at: k + 1, text: 'seen' })),
      )
    case 'totals':
      return groups(items, (item) => [item.n % step.keys] as const).map(({ key, items }) => {
        return { id: key[0], n: total(items), at: items.length, text: 'total' }
      })
    case 'lists':
      return windows(items, step.keys, 1_000).map(({ key: [id, start], items }) => {
        const ids = items.map((item) => item.id).sort((a, b) => a - b)
        return { id, n: ids.length, at: start, text: ids.join() }
      })
    case 'windows':
      return windows(items, step.keys, step.sizeMs).map(({ key: [id, start], items }) => {
        return { id: items.length, n: total(items), at: start + step.sizeMs, text: `key ${id}` }
      })
    default:
      return items
  }
}

function groups<K extends readonly number[]>(
  items: readonly Item[],
  keyOf: (item: Item) => K,
): readonly { readonly key: K; readonly items: Item[] }[] {
  const found = new Map<string, { key: K; items: Item[] }>()
  for (const item of items) {
    const key = keyOf(item)
    const group = found.get(key.join()) ?? { key, items: [] }
    found.set(key.join(), group)
    group.items.push(item)
  }
  return [...found.values()]
}

function windows(items: readonly Item[], keys: number, sizeMs: number) {
  const startOf = (item: Item) => Math.floor(item.at / sizeMs) * sizeMs
  return groups(items, (item) => [item.n % keys, startOf(item)] as const)
}

function total(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + item.n, 0)
}
