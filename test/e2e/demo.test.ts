/**
 * The flights example on three million real flights gives what a plain loop over the same file
 * gives, whatever the parallelism.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runJob } from 'sluice'
import { beforeAll, expect, test } from 'vitest'
import { compareFlights } from '../reference/compare-flights.ts'
import { type ExpectedFlights, flightsLoop } from '../reference/flights-loop.ts'
import { fileTree, scratchFolder, within } from './support.ts'

const input = fileURLToPath(
  new URL('../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url),
)
const folder = scratchFolder()
let expected: ExpectedFlights

beforeAll(async () => {
  expected = await flightsLoop(input)
})

test.each([1, 2, 4])('the flights equal a plain loop at parallelism %d', async (parallelism) => {
  const output = join(folder, String(parallelism))
  const job = await runJob(new URL('../../docs/examples/flights.ts', import.meta.url), {
    parallelism,
    args: { input, output },
  })
  const { status, metrics } = await within('the demo', job.finished)
  expect(status).toBe('finished')
  expect(metrics).toMatchObject({
    recordsRead: expected.rows,
    eventTimeMs: Number.POSITIVE_INFINITY,
  })
  expect(compareFlights(output, expected)).toEqual([])
  expect(expected.dropped).toBe(0)
  expect(fileTree(join(output, 'dropped'))).toEqual([])
  expect(fileTree(output).filter((name) => name.startsWith('.'))).toEqual([])
})
