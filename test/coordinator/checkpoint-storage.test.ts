/** In which order checkpoints go that nobody needs any more, and where one begins. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ManualClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/log.ts'
import { JobDirectory } from '../../src/checkpoint/job-directory.ts'
import { encodeMetadata } from '../../src/checkpoint/metadata.ts'
import { directoryStorage } from '../../src/coordinator/checkpoint-storage.ts'
import { SidePool } from '../../src/coordinator/side-pool.ts'
import { startingPoint } from '../../src/coordinator/starting-point.ts'
import type { JobOptions } from '../../src/graph/options.ts'
import { withDiskFaults } from '../fixtures/disk-faults.mjs'

const storageOf = (directory: JobDirectory) =>
  directoryStorage(directory, { pool: new SidePool(), compress: false, inlineBytesMax: 0 })

async function withDirectory(use: (directory: JobDirectory, deleted: number[]) => Promise<void>) {
  const path = mkdtempSync(join(tmpdir(), 'sluice-deleted-'))
  const clock = new ManualClock()
  const options = { jobName: 'job', newLineage: 'l', historySize: 10, clock }
  const directory = await JobDirectory.open(path, options)
  const storage = storageOf(directory)
  for (const checkpointId of [7, 8, 9]) {
    const metadata = encodeMetadata({ checkpointId, lineage: 'l', vertices: [] } as never)
    await storage.publish(checkpointId, metadata)
  }
  const deleted: number[] = []
  const deleteOne = directory.deleteCheckpoint.bind(directory)
  directory.deleteCheckpoint = (id) => {
    deleted.push(id)
    return deleteOne(id)
  }
  try {
    await use(directory, deleted)
  } finally {
    await directory.close()
    rmSync(path, { recursive: true })
  }
}

test('all checkpoints are deleted from the oldest on: none is taken for the latest', async () => {
  await withDirectory(async (directory, deleted) => {
    const storage = storageOf(directory)
    await storage.deleteAll()
    expect(deleted).toEqual([7, 8, 9])
    expect(await directory.listCheckpoints()).toEqual([])
  })
})

test('a job that begins anew deletes nothing before it may start', async () => {
  await withDirectory(async (directory, deleted) => {
    const options = { restore: 'none' } as unknown as JobOptions
    const from = { options, directory, newLineage: 'n', overwrite: true, log: silentLogger }
    expect(await startingPoint(from)).toMatchObject({ largestId: 9, lineage: 'n', isNew: true })
    expect(deleted).toEqual([])
    expect(directory.job.lineage).not.toBe('n')
  })
})

test('a checkpoint has its folder from its trigger on; one that fails loses it', async () => {
  await withDirectory(async (directory) => {
    const storage = storageOf(directory)
    storage.begin(10)
    storage.begin(11)
    await storage.delete(10)
    await storage.publish(11, encodeMetadata({ checkpointId: 11, vertices: [] } as never))
    expect(
      readdirSync(directory.path)
        .filter((name) => /^chk-/.test(name))
        .sort(),
    ).toEqual(['chk-11', 'chk-7', 'chk-8', 'chk-9'])
  })
})

test('a checkpoint whose folder may not be durable is not published', async () => {
  await withDirectory(async (directory) => {
    const storage = storageOf(directory)
    const rule = { op: 'sync', path: `${directory.path}$`, action: 'EIO' }
    await withDiskFaults([rule], async () => {
      storage.begin(10)
      const published = storage.publish(10, new Uint8Array(1))
      await expect(published).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    })
  })
})
