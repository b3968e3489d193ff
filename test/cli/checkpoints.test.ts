import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { encodeMetadata } from '../../src/checkpoint/metadata.ts'
import { list, verify } from '../../src/cli/checkpoints.ts'
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

test('verify says of every completed checkpoint whether it is whole', async () => {
  await writeCheckpoint(3)
  await writeCheckpoint(12)
  await store.put('chk-13/state-0', [new Uint8Array(3)])
  expect(await verify(directory, {})).toBe(0)
  expect(out).toMatch(/^chk-12: whole, 1 file of state, \d+ bytes\nchk-3: whole, .*\n$/)
})

test.each([
  ['has a changed byte', (path: string) => writeFileSync(path, changed(readFileSync(path)))],
  ['was cut off', (path: string) => writeFileSync(path, readFileSync(path).subarray(1))],
  ['is gone', (path: string) => rmSync(path)],
])('verify names a file that %s, and ends with code 1', async (_, damage) => {
  await writeCheckpoint(3)
  await writeCheckpoint(12)
  damage(join(directory, 'chk-12/state-0'))
  expect(await verify(directory, {})).toBe(1)
  expect(out).toMatch(/^chk-12: damaged\n {2}[A-Z_]+: .*chk-12\/state-0.*\n/)
  expect(out).toContain('chk-3: whole')
  expect(await verify(directory, { id: 12 })).toBe(1)
  expect(await verify(directory, { id: 3 })).toBe(0)
})

test('verify names damaged metadata', async () => {
  await writeCheckpoint(3)
  appendFileSync(join(directory, 'chk-3/_metadata'), 'x')
  expect(await verify(directory, {})).toBe(1)
  expect(out).toContain('CHECKPOINT_DAMAGED: chk-3/_metadata')
})

test('verify of a checkpoint that is not there fails, of none at all it does not', async () => {
  expect(await verify(directory, { id: 5 })).toBe(1)
  expect(out).toContain('BLOB_MISSING')
  out = ''
  expect(await verify(directory, {})).toBe(0)
  expect(out).toContain('there is no completed checkpoint')
})

test('verify finds no fault with a checkpoint that the job deletes meanwhile', async () => {
  await writeCheckpoint(3)
  const path = join(directory, 'chk-3')
  vi.mocked(process.stdout.write).mockImplementationOnce(() => {
    rmSync(path, { recursive: true })
    return true
  })
  await writeCheckpoint(4)
  expect(await verify(directory, {})).toBe(0)
  expect(out).toBe('chk-3: deleted meanwhile\n')
})

function changed(bytes: Buffer): Buffer {
  bytes[bytes.length >> 1]! ^= 1
  return bytes
}

async function writeCheckpoint(id: number): Promise<void> {
  const file = await writeSampleFile(store, `chk-${id}/state-0`)
  await store.putIfAbsent(`chk-${id}/_metadata`, encodeMetadata(sampleMetadata(id, [file])))
}
