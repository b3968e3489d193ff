/** A job that is killed at any operation on its checkpoint directory. Runs compiled code. */
import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { JobDirectory } from '../../src/checkpoint/job-directory.ts'
import { encodeMetadata } from '../../src/checkpoint/metadata.ts'
import { verifyCheckpoint } from '../../src/checkpoint/verify.ts'
import { createStore } from '../../src/storage/create-store.ts'
import { sampleMetadata, writeSampleFile } from './sample.ts'

const PROGRAM = fileURLToPath(new URL('./crash-program.mjs', import.meta.url))
const FAULTS = new URL('../fixtures/disk-faults.mjs', import.meta.url).href
const OPTIONS = { jobName: 'j', newLineage: 'l', historySize: 1, clock: systemClock }

let root = ''
beforeAll(() => {
  const build = fileURLToPath(new URL('../../src/cli/build.mjs', import.meta.url))
  execFileSync(process.execPath, [build], { stdio: ['ignore', 'inherit', 'inherit'] })
  root = fs.mkdtempSync(join(tmpdir(), 'sluice-crash-'))
})
afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

test('killed anywhere, a directory has a whole checkpoint, and no rest when cleaned', async () => {
  const newest: number[] = []
  for (let nth = 1; ; nth++) {
    const directory = await withOneCheckpoint(nth)
    const signal = runKilled(directory, nth)
    const kept = await checkAfterwards(directory)
    newest.push(Math.max(...kept))
    if (signal === null) break
  }
  // Until the second one is published the first is there, and from then on the second is.
  expect(newest.length).toBeGreaterThan(60)
  expect(newest).toEqual(newest.toSorted((a, b) => a - b))
  expect(new Set(newest)).toEqual(new Set([1, 2]))
}, 180_000)

async function withOneCheckpoint(nth: number): Promise<string> {
  const directory = join(root, String(nth))
  const store = createStore({ kind: 'file', directory })
  const file = await writeSampleFile(store, 'chk-1/state')
  await store.putIfAbsent('chk-1/_metadata', encodeMetadata(sampleMetadata(1, [file])))
  return directory
}

/** The signal that ended the program; null if it came to its end. */
function runKilled(directory: string, nth: number): string | null {
  const faults = [{ op: '*', path: directory, nth, action: 'kill-after' }]
  const ran = spawnSync(process.execPath, ['--import', FAULTS, PROGRAM, directory], {
    encoding: 'utf8',
    env: { ...process.env, SLUICE_DISK_FAULTS: JSON.stringify(faults) },
  })
  expect(ran.stderr).toBe('')
  return ran.signal
}

/** Opens it again, as the next start would; the ids that can be restored. */
async function checkAfterwards(path: string): Promise<readonly number[]> {
  const directory = await JobDirectory.open(path, OPTIONS)
  const listed = await directory.listCheckpoints()
  const complete = listed.filter(({ metadata }) => metadata !== undefined).map(({ id }) => id)
  for (const one of listed) {
    if (one.metadata === undefined) expect(one.error.code).toBe('BLOB_MISSING')
    else expect((await verifyCheckpoint(directory.store, one.id, DEPTH)).problems).toEqual([])
  }
  expect((await directory.cleanUp(complete)).left).toEqual([])
  await directory.close()
  const expected = ['job.json', ...complete.map((id) => `chk-${id}`)]
  const left = fs.readdirSync(path).filter((name) => name !== 'history.jsonl')
  expect(left.toSorted()).toEqual(expected.toSorted())
  return complete
}

const DEPTH = { depth: 'blocks' } as const
