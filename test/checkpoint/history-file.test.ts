import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HistoryFile } from '../../src/checkpoint/history-file.ts'
import { withDiskFaults } from '../fixtures/disk-faults.mjs'

let directory = ''
let path = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-history-'))
  path = join(directory, 'history.jsonl')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const entries = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ checkpointId: from + i }))

async function appendAll(history: HistoryFile, from: number, to: number): Promise<void> {
  await Promise.all(entries(from, to).map((entry) => history.append(entry)))
}

test('entries survive, in the order in which they were given', async () => {
  await appendAll(new HistoryFile(path, 10), 0, 5)
  await appendAll(new HistoryFile(path, 10), 5, 8)
  expect(await new HistoryFile(path, 10).read()).toEqual(entries(0, 8))
  expect(await new HistoryFile(path, 10).read(3)).toEqual(entries(5, 8))
  expect(await new HistoryFile(path, 10).read(0)).toEqual([])
})

test('a history that never was is empty', async () => {
  expect(await new HistoryFile(path, 10).read()).toEqual([])
})

test.each([
  ['', entries(0, 3)],
  ['{"checkpointId":', entries(0, 3)],
  ['{"checkpointId":9}', [...entries(0, 3), { checkpointId: 9 }]],
])('a last line that was cut off (%j) costs only itself', async (torn, before) => {
  await appendAll(new HistoryFile(path, 10), 0, 3)
  appendFileSync(path, torn)
  const history = new HistoryFile(path, 10)
  expect(await history.read()).toEqual(before)
  await appendAll(history, 3, 5)
  expect(await history.read()).toEqual([...before, ...entries(3, 5)])
})

test.each([0, 1, 7])('the file is cut back at twice its size (%i)', async (size) => {
  const history = new HistoryFile(path, size)
  for (let id = 0; id < 50; id++) {
    await history.append({ checkpointId: id })
    const lines = readFileSync(path, 'utf8').split('\n').length - 1
    expect(lines).toBeLessThanOrEqual(2 * size)
    expect(lines).toBeGreaterThanOrEqual(Math.min(size, id + 1))
  }
  expect((await history.read()).at(-1)).toEqual(size === 0 ? undefined : { checkpointId: 49 })
  expect(readdirSync(directory)).toEqual(['history.jsonl'])
})

test('lines of another hand are not counted as entries', async () => {
  writeFileSync(path, 'what\n7\nnull\n{"checkpointId":1}\n')
  expect(await new HistoryFile(path, 10).read()).toEqual([{ checkpointId: 1 }])
})

test('a write that fails is told, and the next one finds a clean line', async () => {
  const history = new HistoryFile(path, 10)
  await appendAll(history, 0, 2)
  await withDiskFaults([{ op: 'write', path: 'history', action: 'torn' }], async () => {
    await expect(history.append({ checkpointId: 2 })).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      place: path,
    })
  })
  appendFileSync(path, '{"checkpointId":')
  await history.append({ checkpointId: 3 })
  const read = (await history.read()).map((entry) => entry.checkpointId)
  expect(read.filter((id) => id !== 2)).toEqual([0, 1, 3])
})
