/** Who reads a job's results over several attempts of the job. */
import { expect, test } from 'vitest'
import { InputGate } from '../../src/channel/input-gate.ts'
import { ResultReader } from '../../src/coordinator/result-reader.ts'
import { channelPair } from '../channel/harness.ts'

/** An attempt's channel: what the task writes, and what the reader is attached to. */
function attempt() {
  const { output, input, doorbell } = channelPair()
  return { output, input, source: { gate: new InputGate([input]), doorbell } }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

function emit({ output }: ReturnType<typeof attempt>, values: readonly number[]): void {
  for (const value of values) output.write({ value }, 0)
  output.end()
}

test('rows of a job that restarts after its last row was read are taken and dropped', async () => {
  const first = attempt()
  const reader = new ResultReader({ name: 'rows', source: first.source })
  emit(first, [1, 2])
  const rows: unknown[] = []
  for await (const row of reader.rows()) rows.push(row)
  for (let restart = 0; restart < 2; restart++) {
    const next = attempt()
    reader.attach(next.source)
    await turn()
    emit(next, [1, 2])
    await turn()
    await turn()
    expect(next.input.ended).toBe(true)
  }
  expect(rows).toEqual([{ value: 1 }, { value: 2 }])
})

test('rows that were printed to the last are not printed by another attempt', async () => {
  const lines: unknown[] = []
  const first = attempt()
  const reader = new ResultReader({
    name: '',
    source: first.source,
    print: (row) => void lines.push(row),
  })
  const failed = (error: Error) => lines.push(error)
  reader.start(failed)
  emit(first, [1])
  await reader.printed
  const second = attempt()
  reader.attach(second.source)
  reader.start(failed)
  emit(second, [1])
  await turn()
  await turn()
  expect(second.input.ended).toBe(true)
  expect(lines).toEqual([{ value: 1 }])
})

test('a job whose printing failed prints on when it restarts', async () => {
  const lines: unknown[] = []
  const first = attempt()
  const reader = new ResultReader({
    name: '',
    source: first.source,
    print: (row) => {
      if (lines.length === 0) throw new Error('no paper')
      lines.push(row)
    },
  })
  const failed = (error: Error) => lines.push((error as { code?: string }).code)
  reader.start(failed)
  emit(first, [1])
  await turn()
  const second = attempt()
  reader.attach(second.source)
  reader.start(failed)
  emit(second, [1])
  await reader.printed
  expect(lines).toEqual(['OUTPUT_FAILED', { value: 1 }])
})
