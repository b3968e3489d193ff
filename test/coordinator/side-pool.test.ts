/** From dist/, since its threads run compiled code. */
import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { SidePool as SidePoolType } from '../../src/coordinator/side-pool.ts'
import type { StateChunk } from '../../src/state/snapshot-contract.ts'
import type { StoreDescription } from '../../src/storage/contract.ts'
import { createStore } from '../../src/storage/create-store.ts'
import { sampleChunk } from '../checkpoint/sample.ts'

const PROGRAM = fileURLToPath(new URL('./side-pool-program.mjs', import.meta.url))
const FAULTS = new URL('../fixtures/disk-faults.mjs', import.meta.url).href
const DIST = new URL('../../dist/', import.meta.url)

let SidePool: typeof SidePoolType
let pool: SidePoolType
let directory = ''
beforeAll(async () => {
  const build = fileURLToPath(new URL('../../src/cli/build.mjs', import.meta.url))
  execFileSync(process.execPath, [build], { stdio: ['ignore', 'inherit', 'inherit'] })
  ;({ SidePool } = await import(new URL('coordinator/side-pool.js', DIST).href))
})
beforeEach(() => {
  pool = new SidePool()
  directory = fs.mkdtempSync(join(tmpdir(), 'sluice-pool-'))
})
afterEach(async () => {
  await pool.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

async function write(store: StoreDescription, name: string, chunk: StateChunk = sampleChunk) {
  const job = { store, name, chunk, compress: false, inlineBytesMax: 0 }
  const file = await pool.writeStateFile(job)
  if (file.kind !== 'blob') throw new Error('not written')
  return file.blob
}

test.each(['file', 'memory'])(
  'a state file goes to a store of kind %s, and checks',
  async (kind) => {
    const store: StoreDescription =
      kind === 'file' ? { kind, directory } : { kind: 'memory', blobs: new Map() }
    const blob = await write(store, 'chk-1/a')
    expect(await createStore(store).list('')).toEqual([{ name: 'chk-1/a', bytes: blob.bytes }])
    for (const depth of ['whole', 'blocks'] as const) {
      expect(await pool.checkBlob(store, blob, depth)).toEqual([])
    }
  },
)

test.each(['file', 'memory'])(
  'a short state file is written to no store of kind %s, but returned',
  async (kind) => {
    const store: StoreDescription =
      kind === 'file' ? { kind, directory } : { kind: 'memory', blobs: new Map() }
    const blob = await write(store, 'chk-1/a')
    const again = { store, name: 'chk-1/b', chunk: sampleChunk, compress: false }
    const file = await pool.writeStateFile({ ...again, inlineBytesMax: blob.bytes })
    expect(file).toEqual({ kind: 'inline', bytes: await createStore(store).get('chk-1/a') })
    expect(await pool.writeStateFile({ ...again, inlineBytesMax: blob.bytes - 1 })).toMatchObject({
      kind: 'blob',
      blob: { name: 'chk-1/b', bytes: blob.bytes },
    })
  },
)

test('no memory of a thread is taken away from it', async () => {
  const lengths = () => sampleChunk.parts.map(({ bytes }) => bytes.length)
  const before = lengths()
  await write({ kind: 'file', directory }, 'chk-1/a', sampleChunk)
  expect(lengths()).toEqual(before)
})

test('what is wrong with a blob comes back with its code', async () => {
  const store = { kind: 'file', directory } as const
  const blob = await write(store, 'chk-1/a')
  fs.writeFileSync(join(directory, 'chk-1/a'), 'something else')
  expect(await pool.checkBlob(store, blob, 'whole')).toMatchObject([
    { name: 'SluiceError', code: 'CHECKPOINT_DAMAGED', place: 'chk-1/a' },
  ])
  fs.rmSync(join(directory, 'chk-1/a'))
  expect(await pool.checkBlob(store, blob, 'blocks')).toMatchObject([{ code: 'BLOB_MISSING' }])
})

test('a file that cannot be written fails with its reason, and only that one', async () => {
  const store = { kind: 'file', directory } as const
  fs.writeFileSync(join(directory, 'chk-1'), 'in the way')
  await expect(write(store, 'chk-1/a')).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    place: join(directory, 'chk-1/a'),
    message: expect.stringContaining('a part of the path is no directory (ENOTDIR)'),
    cause: { message: expect.stringContaining('ENOTDIR') },
  })
  await write(store, 'chk-2/a')
})

test.each(['cold', 'warm'])('closing a %s pool breaks off what is not done', async (state) => {
  const store = { kind: 'file', directory } as const
  if (state === 'warm') await write(store, 'chk-1/first')
  const pending = ['a', 'b', 'c', 'd'].map((name) => write(store, `chk-1/${name}`))
  const outcomes = Promise.allSettled(pending)
  await pool.close()
  await pool.close()
  for (const outcome of await outcomes) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STORAGE_FAILED' } })
  }
  await expect(write(store, 'chk-1/e')).rejects.toMatchObject({
    message: 'chk-1/e cannot be written: the job is being closed',
  })
})

test('threads are started when needed, two at most, and closing ends them', () => {
  expect(runProgram('close')).toMatchObject({ before: 0, during: 2, after: 0 })
})

test('an idle pool keeps no process alive', () => {
  expect(runProgram('none')).toMatchObject({ before: 0, during: 2, after: 2 })
})

test('faults of the disk reach the threads of the pool', () => {
  const faults = [{ op: 'sync', path: 'chk-1/c$', action: 'ENOSPC' }]
  const ran = spawnProgram('close', {
    NODE_OPTIONS: `--import ${FAULTS}`,
    SLUICE_DISK_FAULTS: JSON.stringify(faults),
  })
  expect(ran.stderr).toContain('chk-1/c cannot be written: no space is left on the device (ENOSPC)')
})

test('a thread that cannot start fails the job that waits for it', async () => {
  const old = process.env.NODE_OPTIONS
  process.env.NODE_OPTIONS = '--import data:text/javascript,throw(Error("no+start"))'
  try {
    await expect(write({ kind: 'file', directory }, 'chk-1/a')).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('chk-1/a cannot be written'),
    })
  } finally {
    if (old === undefined) delete process.env.NODE_OPTIONS
    else process.env.NODE_OPTIONS = old
  }
  await write({ kind: 'file', directory }, 'chk-1/a')
})

test('the bundle has the pool’s module, too', async () => {
  const bundled = await import(new URL('bundle/state/pool-worker.js', DIST).href)
  expect(Object.keys(bundled).toSorted()).toEqual(['checkBlob', 'writeStateFile'])
})

function runProgram(ending: string): object {
  const ran = spawnProgram(ending, {})
  expect(ran.stderr).toBe('')
  return JSON.parse(ran.stdout)
}

function spawnProgram(ending: string, env: NodeJS.ProcessEnv) {
  return spawnSync(process.execPath, [PROGRAM, directory, ending], {
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, ...env },
  })
}
