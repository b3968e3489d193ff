/** A job gives the same in one thread, in one thread with many subtasks, and in workers. */
import fc from 'fast-check'
import { runJob, SluiceError } from 'sluice'
import { runInline } from 'sluice/testing'
import { expect, test } from 'vitest'
import failing from '../fixtures/jobs/failing.ts'
import pipeline, { type Item, type PipelineArgs, type Step } from '../fixtures/jobs/pipeline.ts'
import { fixture, within } from './support.ts'

const by = fc.integer({ min: 2, max: 5 })
const keys = fc.integer({ min: 1, max: 40 })
const kind = <K extends string>(...kinds: readonly K[]) => fc.constantFrom(...kinds)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: kind('map', 'flatMap', 'filter', 'union', 'sides'), by }),
  fc.record({ kind: kind('rebalance', 'rescale', 'global', 'custom', 'chain') }),
  fc.record({ kind: kind('countEach', 'totals', 'lists'), keys }),
  fc.record({ kind: kind('windows'), keys, sizeMs: fc.integer({ min: 1, max: 20_000 }) }),
)
const pipelines: fc.Arbitrary<PipelineArgs> = fc.record({
  records: fc.integer({ min: 0, max: 400 }),
  steps: fc.array(step, { maxLength: 5 }),
})
const config = fc.record(
  {
    segmentSize: fc.constantFrom('256 b', '1 kb'),
    buffersPerChannel: fc.constantFrom(2, 4),
    bufferTimeout: fc.constantFrom('0 ms', '1 ms'),
    chaining: fc.boolean(),
  },
  { requiredKeys: [] },
)

test('random pipelines give the same items inline, whatever parallelism and rings', async () => {
  const property = fc.asyncProperty(pipelines, config, async (args, options) => {
    const expected = await inline(args, { parallelism: 1 })
    expect(await inline(args, { parallelism: 3, config: options })).toEqual(expected)
  })
  await fc.assert(property, { numRuns: 60 })
})

test('random pipelines give the same items inline and in workers', async () => {
  const property = fc.asyncProperty(pipelines, config, async (args, options) => {
    const expected = await inline(args, { parallelism: 1 })
    expect(await inWorkers(args, options)).toEqual(expected)
  })
  await fc.assert(property, { numRuns: 6 })
})

test('an error is the same inline and in workers', async () => {
  const [inline, inWorkers] = await Promise.all([
    thrownBy(runInline(failing)),
    thrownBy(runJob(fixture('failing.ts')).then((job) => job.finished)),
  ])
  const told = ({ code, operator, record, message }: SluiceError) => {
    return { code, operator, record, message }
  }
  expect(told(inline)).toEqual(told(inWorkers))
})

async function inline(args: PipelineArgs, options: object): Promise<readonly string[]> {
  const { rows } = await runInline(pipeline, { args: { ...args }, ...options })
  return sorted(rows<Item>('items'))
}

async function inWorkers(args: PipelineArgs, config: object): Promise<readonly string[]> {
  const options = { parallelism: 2, args: { ...args }, config: { ...config } }
  const job = await within('a pipeline', runJob(fixture('pipeline.ts'), options))
  const items: Item[] = []
  const reading = async () => {
    for await (const item of job.collect<Item>('items')) items.push(item)
    await job.finished
  }
  await within('a pipeline', reading())
  return sorted(items)
}

function sorted(items: readonly Item[]): readonly string[] {
  return items.map(({ id, n, at, text }) => JSON.stringify([id, n, at, text])).sort()
}

async function thrownBy(promise: Promise<unknown>): Promise<SluiceError> {
  const thrown = await promise.catch((error: unknown) => error)
  if (thrown instanceof SluiceError) return thrown
  throw new Error('expected a SluiceError', { cause: thrown })
}
