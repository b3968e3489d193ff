/** The demo's job on three million real flights, in real threads, against a plain loop. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runJob } from 'sluice'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { assertFlights } from '../reference/compare-flights.ts'
import { type ExpectedFlights, flightsLoop } from '../reference/flights-loop.ts'

const JOB = new URL('../../docs/examples/flights.ts', import.meta.url)
const INPUT = fileURLToPath(
  new URL('../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url),
)

let expected: ExpectedFlights
let output: string

beforeAll(async () => {
  expected = await flightsLoop(INPUT)
})

beforeEach(() => {
  output = mkdtempSync(join(tmpdir(), 'sluice-flights-'))
})

afterEach(() => rmSync(output, { recursive: true, force: true }))

test.each([1, 2, 4])('with %d subtasks it gives what a plain loop gives', async (parallelism) => {
  const job = await runJob(JOB, { parallelism, args: { input: INPUT, output } })
  const { status, metrics } = await job.finished
  expect(status).toBe('finished')
  expect(metrics.recordsRead).toBe(expected.rows)
  assertFlights(output, expected)
})
