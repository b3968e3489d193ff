import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { encodeMetadata } from '../../src/checkpoint/metadata.ts'
import { list } from '../../src/cli/checkpoints.ts'
import type { BlobStore } from '../../src/storage/contract.ts'
import { createStore } from '../../src/storage/create-store.ts'
import { sampleMetadata, writeSampleFile } from '../checkpoint/sample.ts'

let directory: string
let store: BlobStore
let out: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-checkpoints-'))
  store = createStore({ kind: 'file', directory })
  out = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  rmSync(directory, { recursive: true })
})

test('list shows the checkpoints of a directory, the newest first', async () => {
  await writeCheckpoint(3)
  await writeCheckpoint(12)
  expect(await list(directory, { json: true })).toBe(0)
  const rows = JSON.parse(out)
  expect(rows).toMatchObject([
    { id: 12, status: 'completed', files: 2, durationMs: 40, parallelism: 1 },
    { id: 3, status: 'completed' },
  ])
  out = ''
  expect(await list(directory, { json: false })).toBe(0)
  expect(out.split('\n').map((line) => line.trim().split(' ')[0])).toEqual(['id', '12', '3', ''])
})

test('list says that a directory is empty, or is none', async () => {
  expect(await list(directory, { json: false })).toBe(0)
  expect(out).toBe(`there is no checkpoint in ${directory}\n`)
  await expect(list(join(directory, 'no'), { json: false })).rejects.toMatchObject({
    code: 'CHECKPOINT_NOT_FOUND',
  })
})

test('list tells of metadata that cannot be read', async () => {
  await writeCheckpoint(3)
  appendFileSync(join(directory, 'chk-3/_metadata'), 'x')
  expect(await list(directory, { json: false })).toBe(0)
  expect(out).toMatch(/ 3 {2}unreadable/)
  expect(out).toContain('chk-3: CHECKPOINT_DAMAGED: chk-3/_metadata')
})

async function writeCheckpoint(id: number): Promise<void> {
  const file = await writeSampleFile(store, `chk-${id}/state-0`)
  await store.putIfAbsent(`chk-${id}/_metadata`, encodeMetadata(sampleMetadata(id, [file])))
}
