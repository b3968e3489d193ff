import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodeMetadata } from '../../src/checkpoint/metadata.ts'
import { blobsOf, verifyCheckpoint } from '../../src/checkpoint/verify.ts'
import { packStateFile } from '../../src/state/state-file.ts'
import { createStore } from '../../src/storage/create-store.ts'
import { withDiskFaults } from '../fixtures/disk-faults.mjs'
import { sampleChunk, sampleMetadata, writeSampleFile } from './sample.ts'

let directory = ''
beforeEach(async () => {
  directory = fs.mkdtempSync(join(tmpdir(), 'sluice-verify-'))
  const files = [
    await writeSampleFile(store(), 'chk-5/a'),
    await writeSampleFile(store(), 'chk-5/b'),
    { kind: 'inline', bytes: inline() } as const,
  ]
  await store().putIfAbsent('chk-5/_metadata', encodeMetadata(sampleMetadata(5, files)))
})
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }))

const store = () => createStore({ kind: 'file', directory })
const path = (name: string) => join(directory, 'chk-5', name)
const inline = () => Uint8Array.from(Buffer.concat(packStateFile(sampleChunk, { compress: false })))
const depths = ['whole', 'blocks'] as const

test.each(depths)('a good checkpoint has no problems (%s)', async (depth) => {
  const verified = await verifyCheckpoint(store(), 5, { depth })
  const bytes = 2 * fs.statSync(path('a')).size
  expect(verified).toEqual({ problems: [], extras: [], files: 2, bytes })
})

test.each(depths)('a flipped byte anywhere in its files is found (%s)', async (depth) => {
  for (const name of ['a', '_metadata']) {
    const good = fs.readFileSync(path(name))
    for (let at = 0; at < good.length; at += 7) {
      const bad = Buffer.from(good)
      bad[at]! ^= 0x10
      fs.writeFileSync(path(name), bad)
      const { problems } = await verifyCheckpoint(store(), 5, { depth })
      expect(problems, `${name}, byte ${at}`).toMatchObject([
        { code: 'CHECKPOINT_DAMAGED', place: `chk-5/${name}` },
      ])
    }
    fs.writeFileSync(path(name), good)
  }
})

test('all problems are told, not the first only', async () => {
  fs.rmSync(path('a'))
  fs.truncateSync(path('b'), 100)
  const { problems } = await verifyCheckpoint(store(), 5, { depth: 'whole' })
  expect(problems).toMatchObject([
    { code: 'BLOB_MISSING', place: 'chk-5/a' },
    { code: 'CHECKPOINT_DAMAGED', message: expect.stringContaining('has 100 bytes instead of') },
  ])
})

test('in-flight data are checked as state is', async () => {
  const file = await writeSampleFile(store(), 'chk-7/in-flight')
  const bytes = inline()
  bytes[30]! ^= 1
  const metadata = sampleMetadata(7, [], [file, { kind: 'inline', bytes }])
  await store().putIfAbsent('chk-7/_metadata', encodeMetadata(metadata))
  fs.rmSync(join(directory, 'chk-7', 'in-flight'))
  const { problems, files } = await verifyCheckpoint(store(), 7, { depth: 'blocks' })
  expect(files).toBe(1)
  expect(problems).toMatchObject([
    { code: 'CHECKPOINT_DAMAGED', place: 'chk-7/_metadata (count -> out, subtask 0)' },
    { code: 'BLOB_MISSING', place: 'chk-7/in-flight' },
  ])
})

test('every damaged block of a file is named', async () => {
  const bytes = fs.readFileSync(path('a'))
  for (const block of [1, 3]) bytes[16 + block * 58 + 40]! ^= 1
  fs.writeFileSync(path('a'), bytes)
  const { problems } = await verifyCheckpoint(store(), 5, { depth: 'blocks' })
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringContaining("key group 1 of 'total'"),
    expect.stringContaining("key group 3 of 'total'"),
  ])
})

test('state within the metadata is checked, too', async () => {
  const bytes = inline()
  bytes[30]! ^= 1
  const metadata = sampleMetadata(6, [{ kind: 'inline', bytes }])
  await store().putIfAbsent('chk-6/_metadata', encodeMetadata(metadata))
  const { problems } = await verifyCheckpoint(store(), 6, { depth: 'blocks' })
  expect(problems).toMatchObject([
    { code: 'CHECKPOINT_DAMAGED', place: 'chk-6/_metadata (count -> out, subtask 0)' },
  ])
})

test('what the checkpoint does not name is listed and does no harm', async () => {
  await store().put('chk-5/late', [new Uint8Array(3)])
  const { problems, extras } = await verifyCheckpoint(store(), 5, { depth: 'whole' })
  expect(problems).toEqual([])
  expect(extras).toEqual([{ name: 'chk-5/late', bytes: 3 }])
})

test('a checkpoint that was never completed is a problem by itself', async () => {
  fs.rmSync(path('_metadata'))
  const { problems } = await verifyCheckpoint(store(), 5, { depth: 'whole' })
  expect(problems).toMatchObject([{ code: 'BLOB_MISSING' }])
})

test('a disk that fails while reading is told for the file', async () => {
  await withDiskFaults([{ op: 'read', path: 'chk-5/a$', action: 'EIO' }], async () => {
    const { problems } = await verifyCheckpoint(store(), 5, { depth: 'whole' })
    expect(problems).toMatchObject([{ code: 'STORAGE_FAILED', place: path('a') }])
  })
})

test('somebody else may read the files, several at a time', async () => {
  const asked: string[] = []
  let meet: () => void = () => {}
  const bothAsked = new Promise<void>((resolve) => (meet = resolve))
  const { problems } = await verifyCheckpoint(store(), 5, {
    depth: 'blocks',
    concurrency: 2,
    async checkBlob(blob, depth) {
      if (asked.push(`${blob.name} ${depth}`) === 2) meet()
      await bothAsked
      return []
    },
  })
  expect(problems).toEqual([])
  expect(asked.toSorted()).toEqual(['chk-5/a blocks', 'chk-5/b blocks'])
})

test('a blob that several tasks name is one blob', () => {
  const blob = { name: 'chk-5/a', bytes: 1, crc32: 2 }
  const file = { kind: 'blob', blob } as const
  expect(blobsOf(sampleMetadata(5, [file, file]))).toEqual([blob])
})
