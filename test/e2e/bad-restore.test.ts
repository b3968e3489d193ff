/** Checkpoints that a job cannot start from: each is refused with a code, and nothing changes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runJob } from 'sluice'
import { beforeAll, expect, test } from 'vitest'
import { decodeMetadata, encodeMetadata } from '../../src/checkpoint/metadata.ts'
import { checksumOf } from '../../src/storage/checksum.ts'
import { failed, fileTree, fixture, scratchFolder, until, within } from './support.ts'
import {
  copyOf,
  finishTally,
  type Places,
  placesIn,
  problemsOf,
  RECORDS,
  rowsIn,
  startTally,
  stoppedTally,
  tallyOptions,
} from './tally.ts'

const folder = scratchFolder()
const stopped = placesIn(join(folder, 'stopped'))

beforeAll(() => stoppedTally(stopped, { count: 1 }))

function copy(name: string): Places {
  return copyOf(stopped, join(folder, name))
}

/** What lies in both places, with its content. */
function contentOf({ output, checkpoints }: Places): Readonly<Record<string, string>> {
  const names = [output, checkpoints].flatMap((place) =>
    readdirSync(place, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  // Attempts are counted, whatever becomes of them.
  const read = (name: string) => readFileSync(name, 'latin1').replace(/"attempts": \d+/, '')
  return Object.fromEntries(names.map((name) => [name, read(name)]))
}

test('the directory of another job', async () => {
  const places = copy('another job')
  const before = contentOf(places)
  const { checkpoints: dir } = places
  const error = await failed(
    runJob(fixture('words.ts'), { checkpoints: { dir }, restore: 'latest' }),
  )
  expect(error.code).toBe('CHECKPOINT_DIRECTORY_OF_ANOTHER_JOB')
  expect(error.message).toContain("'tally', not 'words'")
  expect(contentOf(places)).toEqual(before)
})

test('a checkpoint of another job, by its path', async () => {
  const places = copy('of another job')
  const before = contentOf(places)
  const restore = join(places.checkpoints, 'chk-1')
  const error = await failed(runJob(fixture('words.ts'), { restore }))
  expect(error.code).toBe('STATE_UNCLAIMED')
  expect(error.message).toContain("uid 'tally'")
  expect(contentOf(places)).toEqual(before)
})

test('state of an operator that the job has not, unless it may be left out', async () => {
  const places = copy('renamed')
  const before = contentOf(places)
  const renamed = { restore: 'latest', args: { uid: 'another' } } as const
  const error = await failed(finishTally(places, renamed))
  expect(error.code).toBe('STATE_UNCLAIMED')
  expect(error.message).toContain("uid 'tally'")
  expect(error.hint).toContain('ignore-unclaimed-state')
  expect(contentOf(places)).toEqual(before)
  const config = { 'execution.state-recovery.ignore-unclaimed-state': true }
  const { result } = await finishTally(places, { ...renamed, config })
  expect(result.status).toBe('finished')
  // Every record has its row, but keys are counted anew.
  expect(rowsIn(places.output)).toHaveLength(RECORDS)
  expect(problemsOf(places)).toContainEqual(expect.stringContaining('is lost'))
})

test('metadata of a later version', async () => {
  const places = copy('later version')
  const path = join(places.checkpoints, 'chk-1', '_metadata')
  const bytes = readFileSync(path)
  bytes.writeUInt32LE(9, 8)
  bytes.writeUInt32LE(checksumOf([bytes.subarray(8, 16), bytes.subarray(20)]), 16)
  writeFileSync(path, bytes)
  const before = contentOf(places)
  const error = await failed(finishTally(places, { restore: 'latest' }))
  expect(error.code).toBe('CHECKPOINT_VERSION')
  expect(error.message).toContain('version 9')
  expect(contentOf(places)).toEqual(before)
})

test('metadata of another checkpoint', async () => {
  const places = copy('another id')
  const path = join(places.checkpoints, 'chk-1', '_metadata')
  const metadata = decodeMetadata(readFileSync(path), path)
  writeFileSync(path, encodeMetadata({ ...metadata, checkpointId: 7 }))
  const error = await failed(finishTally(places, { restore: 'latest' }))
  expect(error.code).toBe('CHECKPOINT_DAMAGED')
  expect(error.message).toContain('checkpoint 7')
})

test('a job file of a later version, or that is damaged', async () => {
  for (const [text, code] of [
    ['{"format":2,"jobName":"tally"}', 'CHECKPOINT_VERSION'],
    ['{"format":1,"jobN', 'CHECKPOINT_DAMAGED'],
    ['', 'CHECKPOINT_DAMAGED'],
    ['{"format":1,"jobName":"tally"}', 'CHECKPOINT_DAMAGED'],
  ] as const) {
    const places = copy(`job file ${text.length} ${code}`)
    const path = join(places.checkpoints, 'job.json')
    writeFileSync(path, text)
    const error = await failed(finishTally(places, { restore: 'latest' }))
    expect(error.code, text).toBe(code)
    expect(error.message).toContain(path)
  }
})

test('a path where no checkpoint is', async () => {
  mkdirSync(join(folder, 'nothing'))
  for (const name of ['chk-1', 'nothing', join('stopped', 'checkpoints', 'chk-9')]) {
    const places = placesIn(join(folder, `for ${name.replaceAll('/', ' ')}`))
    const path = join(folder, name)
    const error = await failed(finishTally(places, { restore: path }))
    expect(error.code, name).toBe('CHECKPOINT_NOT_FOUND')
    expect(error.message).toContain(path)
    expect(fileTree(places.output)).toEqual([])
  }
})

test("'latest' in a directory that is empty, or not there, begins anew", async () => {
  const empty = placesIn(join(folder, 'empty'))
  mkdirSync(empty.checkpoints, { recursive: true })
  for (const places of [empty, placesIn(join(folder, 'not there'))]) {
    const { job } = await finishTally(places, { restore: 'latest' })
    expect(job.checkpoints.latestRestored).toBeUndefined()
    expect(problemsOf(places)).toEqual([])
  }
})

test("'latest' after the end says that the job has finished, and changes nothing", async () => {
  const places = placesIn(join(folder, 'finished'))
  await finishTally(places)
  const before = contentOf(places)
  const error = await failed(finishTally(places, { restore: 'latest' }))
  expect(error.code).toBe('JOB_ALREADY_FINISHED')
  expect(contentOf(places)).toEqual(before)
})

test('a directory in which another job of this process works', async () => {
  const places = placesIn(join(folder, 'twice'))
  const { job } = await startTally(places, { args: { rate: 4_000 } })
  const other = { ...places, output: join(folder, 'twice', 'another output') }
  const error = await failed(finishTally(other, { restore: 'latest' }))
  expect(error.code).toBe('CHECKPOINT_DIRECTORY_LOCKED')
  expect(error.message).toContain('another job of this process')
  expect(existsSync(other.output)).toBe(false)
  await within('the first job', job.finished)
  expect(problemsOf(places)).toEqual([])
})

test('a directory in which another process works: it is named, until it is gone', async () => {
  const places = placesIn(join(folder, 'two processes'))
  const options = tallyOptions(places, { args: { rate: 1_000 } })
  const order = JSON.stringify({ job: fixture('tally.ts'), options })
  const program = fileURLToPath(new URL('../kill/child.mjs', import.meta.url))
  const child = spawn(process.execPath, [program, order], { stdio: 'ignore' })
  await until('the lock', () => existsSync(join(places.checkpoints, 'lock')))
  const error = await failed(finishTally(places, { restore: 'latest' }))
  expect(error.code).toBe('CHECKPOINT_DIRECTORY_LOCKED')
  expect(error.message).toContain(`process ${child.pid} `)
  child.kill('SIGKILL')
  await once(child, 'close')
  await finishTally(places, { restore: 'latest' })
  expect(problemsOf(places)).toEqual([])
})
