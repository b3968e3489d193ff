import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../src/base/clock.ts'
import { JobDirectory } from '../../src/checkpoint/job-directory.ts'
import { encodeMetadata } from '../../src/checkpoint/metadata.ts'
import { resolveCheckpoint } from '../../src/checkpoint/resolve-checkpoint.ts'
import type { BlobStore } from '../../src/storage/contract.ts'
import { withDiskFaults } from '../fixtures/disk-faults.mjs'
import { sampleMetadata, writeSampleFile } from './sample.ts'

let root = ''
let path = ''
let opened: JobDirectory[] = []
beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'sluice-job-'))
  path = join(root, 'checkpoints/words')
  opened = []
})
afterEach(async () => {
  for (const one of opened) await one.close()
  fs.rmSync(root, { recursive: true, force: true })
})

async function open(jobName = 'words', newLineage = 'first'): Promise<JobDirectory> {
  const clock = new ManualClock(1_700_000_000_000)
  const directory = await JobDirectory.open(path, { jobName, newLineage, historySize: 3, clock })
  opened.push(directory)
  return directory
}

async function complete(store: BlobStore, id: number): Promise<void> {
  const file = await writeSampleFile(store, `chk-${id}/state`)
  await store.putIfAbsent(`chk-${id}/_metadata`, encodeMetadata(sampleMetadata(id, [file])))
}

const entries = () => fs.readdirSync(path).sort()

test('a directory is made, and remembers its job', async () => {
  const first = await open()
  expect(first.job).toEqual({
    format: 1,
    jobName: 'words',
    lineage: 'first',
    status: 'running',
    createdMs: 1_700_000_000_000,
  })
  await first.update({ status: 'finished' })
  await first.close()
  const second = await open('words', 'second')
  expect(second.job).toMatchObject({ lineage: 'first', status: 'finished' })
  await second.update({ status: 'running', lineage: 'second' })
  expect(JSON.parse(fs.readFileSync(join(path, 'job.json'), 'utf8'))).toEqual(second.job)
  expect(entries()).toEqual(['job.json', 'lock'])
})

test('the directory of another job is refused, even while that one runs', async () => {
  await open()
  await expect(open('other')).rejects.toMatchObject({
    code: 'CHECKPOINT_DIRECTORY_OF_ANOTHER_JOB',
    message: `the checkpoint directory ${path} belongs to the job 'words', not 'other'`,
  })
})

test('two jobs of one process do not share a directory', async () => {
  const first = await open()
  await expect(open()).rejects.toMatchObject({
    code: 'CHECKPOINT_DIRECTORY_LOCKED',
    message: expect.stringContaining('another job of this process since 2023-11-14T22:13:20.000Z'),
  })
  await first.close()
  await first.close()
  await open()
  await first.close()
  await expect(open()).rejects.toMatchObject({ code: 'CHECKPOINT_DIRECTORY_LOCKED' })
})

test.each(['EACCES', 'EROFS', 'ENOSPC'])('a directory that cannot be written to: %s', async (e) => {
  await withDiskFaults([{ op: 'open', path: '\\.tmp-', action: e }], async () => {
    await expect(open()).rejects.toMatchObject({
      code: 'CHECKPOINT_DIRECTORY_NOT_WRITABLE',
      message: expect.stringContaining(`(${e})`),
      cause: expect.objectContaining({ code: e }),
    })
  })
  expect(entries()).toEqual([])
})

test('a file in the place of the directory is told of', async () => {
  fs.mkdirSync(join(root, 'checkpoints'))
  fs.writeFileSync(path, 'a file')
  await expect(open()).rejects.toMatchObject({ code: 'CHECKPOINT_DIRECTORY_NOT_WRITABLE' })
})

test.each([
  ['', 'CHECKPOINT_DAMAGED'],
  ['{"format":1', 'CHECKPOINT_DAMAGED'],
  ['null', 'CHECKPOINT_DAMAGED'],
  ['{"format":1,"jobName":"words"}', 'CHECKPOINT_DAMAGED'],
  ['{"format":2}', 'CHECKPOINT_VERSION'],
])('a job.json that reads %j is %s, and the lock is given back', async (text, code) => {
  fs.mkdirSync(path, { recursive: true })
  fs.writeFileSync(join(path, 'job.json'), text)
  await expect(open()).rejects.toMatchObject({ code, place: join(path, 'job.json') })
  expect(entries()).toEqual(['job.json'])
})

test('a failed change of job.json leaves the old one', async () => {
  const directory = await open()
  for (const [op, where] of [
    ['write', '.tmp-'],
    ['sync', '.tmp-'],
    ['rename', 'job.json'],
  ] as const) {
    await withDiskFaults([{ op, path: where, action: 'ENOSPC' }], async () => {
      await expect(directory.update({ status: 'finished' })).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
      })
    })
  }
  expect(directory.job.status).toBe('running')
  expect(JSON.parse(fs.readFileSync(join(path, 'job.json'), 'utf8')).status).toBe('running')
  expect(entries()).toEqual(['job.json', 'lock'])
})

test('checkpoints are listed newest first, with what is wrong with the others', async () => {
  const directory = await open()
  for (const id of [2, 10, 9]) await complete(directory.store, id)
  await writeSampleFile(directory.store, 'chk-11/state')
  fs.writeFileSync(join(path, 'chk-33'), 'no folder')
  fs.truncateSync(join(path, 'chk-9/_metadata'), 40)
  const listed = await directory.listCheckpoints()
  expect(listed.map(({ id, name }) => [id, name])).toEqual([
    [11, 'chk-11'],
    [10, 'chk-10'],
    [9, 'chk-9'],
    [2, 'chk-2'],
  ])
  expect(listed.map((one) => (one.metadata ? one.metadata.checkpointId : one.error.code))).toEqual([
    'BLOB_MISSING',
    10,
    'CHECKPOINT_DAMAGED',
    2,
  ])
})

test('metadata in the folder of another checkpoint are damage', async () => {
  const directory = await open()
  await complete(directory.store, 3)
  fs.renameSync(join(path, 'chk-3'), join(path, 'chk-4'))
  const [listed] = await directory.listCheckpoints()
  expect(listed).toMatchObject({
    id: 4,
    error: { code: 'CHECKPOINT_DAMAGED', message: expect.stringContaining('that of checkpoint 3') },
  })
})

test('an id never comes twice: folders, empty ones too, and the history count', async () => {
  const directory = await open()
  expect(await directory.largestId()).toBe(0)
  await complete(directory.store, 4)
  fs.mkdirSync(join(path, 'chk-7'))
  fs.mkdirSync(join(path, 'chk-x9'))
  fs.mkdirSync(join(path, 'chk-099'))
  expect(await directory.largestId()).toBe(7)
  await directory.history.append({ checkpointId: 12, status: 'failed' })
  await directory.history.append({ checkpointId: 11, status: 'completed' })
  expect(await directory.largestId()).toBe(12)
})

test('an id does not come again when all that told of it is cleaned up', async () => {
  const first = await open()
  await complete(first.store, 4)
  await complete(first.store, 7)
  fs.mkdirSync(join(path, 'chk-8'))
  await first.setAside(7)
  await first.cleanUp([4])
  await first.close()
  expect(entries()).toEqual(['chk-4', 'job.json'])
  const second = await open()
  expect(await second.largestId()).toBe(8)
  await complete(second.store, 9)
  await second.cleanUp([9])
  expect(await second.largestId()).toBe(9)
  expect(second.job.largestId).toBe(8)
})

test('what a crash left is cleaned up; what cannot be read is left for a person', async () => {
  const directory = await open()
  for (const id of [1, 2, 3, 4]) await complete(directory.store, id)
  await writeSampleFile(directory.store, 'chk-5/task/state')
  fs.mkdirSync(join(path, 'chk-6'))
  fs.truncateSync(join(path, 'chk-2/_metadata'), 40)
  fs.writeFileSync(join(path, '.tmp-1'), 'x')
  fs.writeFileSync(join(path, 'chk-4/.tmp-2'), 'x')
  fs.writeFileSync(join(path, 'notes.txt'), "somebody's own")
  expect(await directory.cleanUp([3, 4])).toEqual({ deleted: expect.anything(), left: [2] })
  expect(entries()).toEqual(['chk-2', 'chk-3', 'chk-4', 'job.json', 'lock', 'notes.txt'])
  expect(fs.readdirSync(join(path, 'chk-4')).sort()).toEqual(['_metadata', 'state'])
})

test('a checkpoint loses its metadata, durably, before its files', async () => {
  const directory = await open()
  await complete(directory.store, 1)
  const seen: string[] = []
  await withDiskFaults([{ op: '*', path: 'chk-1', action: (op) => seen.push(op) }], () => {
    return directory.deleteCheckpoint(1)
  })
  const folder = join(path, 'chk-1')
  expect(seen.filter((line) => /^(unlink|sync) /.test(line))).toEqual([
    `unlink ${folder}/_metadata`,
    `sync ${folder}`,
    `unlink ${folder}`,
  ])
  expect(entries()).toEqual(['job.json', 'lock'])
  await directory.deleteCheckpoint(1)
})

test('a deletion that fails after the metadata leaves no checkpoint', async () => {
  const directory = await open()
  await complete(directory.store, 1)
  await withDiskFaults([{ op: 'unlink', path: 'chk-1$', action: 'EIO' }], async () => {
    await expect(directory.deleteCheckpoint(1)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  })
  const listed = await directory.listCheckpoints()
  expect(listed).toMatchObject([{ id: 1, error: { code: 'BLOB_MISSING' } }])
  expect(await directory.cleanUp([])).toEqual({ deleted: [1], left: [] })
})

test('a checkpoint is found by its folder, its metadata or its directory', async () => {
  const directory = await open()
  for (const id of [1, 2]) await complete(directory.store, id)
  for (const way of ['chk-1', 'chk-1/_metadata', 'chk-1/']) {
    expect(await resolveCheckpoint(join(path, way))).toMatchObject({
      id: 1,
      name: 'chk-1',
      store: { kind: 'file', directory: path },
      metadata: { checkpointId: 1 },
      skipped: [],
    })
  }
  expect((await resolveCheckpoint(path)).id).toBe(2)
})

test('the newest that can be read is found, and the newer ones are named', async () => {
  const directory = await open()
  for (const id of [1, 2, 3]) await complete(directory.store, id)
  await writeSampleFile(directory.store, 'chk-4/state')
  fs.truncateSync(join(path, 'chk-3/_metadata'), 40)
  const found = await resolveCheckpoint(path)
  expect(found.id).toBe(2)
  expect(found.skipped).toMatchObject([{ id: 3, error: { code: 'CHECKPOINT_DAMAGED' } }])
  await expect(resolveCheckpoint(join(path, 'chk-3'))).rejects.toMatchObject({
    code: 'CHECKPOINT_DAMAGED',
  })
  await expect(resolveCheckpoint(join(path, 'chk-4'))).rejects.toMatchObject({
    code: 'BLOB_MISSING',
  })
})

test('where there is no checkpoint, the error says why', async () => {
  const directory = await open()
  for (const way of [path, join(path, 'chk-9'), join(root, 'nowhere')]) {
    await expect(resolveCheckpoint(way)).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' })
  }
  await complete(directory.store, 1)
  fs.truncateSync(join(path, 'chk-1/_metadata'), 40)
  await expect(resolveCheckpoint(path)).rejects.toMatchObject({ code: 'CHECKPOINT_DAMAGED' })
})
