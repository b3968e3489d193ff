/** Real processes, since a lock is about them. What they run is bundled once. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { lockDirectory } from '../../src/checkpoint/directory-lock.ts'
import { withDiskFaults } from '../fixtures/disk-faults.mjs'

const CONTENDER = fileURLToPath(new URL('./lock-contender.mjs', import.meta.url))
const SOURCE = fileURLToPath(new URL('../../src/checkpoint/directory-lock.ts', import.meta.url))
const CONTENDERS = 4
const ROUNDS = 50

let root = ''
let module = ''
let directory = ''
beforeAll(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'sluice-lock-'))
  const outfile = join(root, 'lock.mjs')
  module = pathToFileURL(outfile).href
  const options = { bundle: true, platform: 'node', format: 'esm', outfile } as const
  buildSync({ ...options, entryPoints: [SOURCE] })
})
beforeEach(() => (directory = fs.mkdtempSync(join(root, 'd-'))))
afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

const lockPath = () => join(directory, 'lock')
const lockText = () => fs.readFileSync(lockPath(), 'utf8')
const own = async () => {
  const lock = await lockDirectory(directory, 1_700_000_000_000)
  const content = JSON.parse(lockText())
  await lock.release()
  return content
}

test('the lock tells who holds it, and is gone when it is released', async () => {
  const lock = await lockDirectory(directory, 1_700_000_000_000)
  expect(JSON.parse(lockText())).toMatchObject({ pid: process.pid, host: hostname() })
  await expect(lockDirectory(directory, 1)).rejects.toMatchObject({
    code: 'CHECKPOINT_DIRECTORY_LOCKED',
    message: expect.stringContaining('another job of this process since 2023-11-14T22:13:20.000Z'),
  })
  await lock.release()
  await lock.release()
  expect(fs.readdirSync(directory)).toEqual([])
})

test('a released lock does not release that of the next holder', async () => {
  const first = await lockDirectory(directory, 1)
  await first.release()
  const second = await lockDirectory(directory, 1)
  await first.release()
  await expect(lockDirectory(directory, 1)).rejects.toMatchObject({
    code: 'CHECKPOINT_DIRECTORY_LOCKED',
  })
  await second.release()
})

test('a living process keeps its lock, a killed one loses it', async () => {
  const child = await contender(1)
  expect(await ask(child, 'lock')).toBe('won')
  await expect(lockDirectory(directory, 1)).rejects.toMatchObject({
    message: expect.stringContaining(`process ${child.pid} on ${hostname()} since 1970-01-01`),
    hint: 'stop that job first, or name another checkpoint directory',
  })
  await kill(child)
  await (await lockDirectory(directory, 1)).release()
  expect(fs.readdirSync(directory)).toEqual([])
})

test('a pid that came again is another process', async () => {
  const content = await own()
  fs.writeFileSync(lockPath(), JSON.stringify({ ...content, started: '1', nonce: 'old' }))
  await (await lockDirectory(directory, 1)).release()
})

test('no process survives a boot', async () => {
  const content = await own()
  fs.writeFileSync(lockPath(), JSON.stringify({ ...content, boot: 'an earlier one', nonce: 'old' }))
  await (await lockDirectory(directory, 1)).release()
})

test('nothing is known about processes of other hosts', async () => {
  const content = { ...(await own()), host: 'elsewhere', boot: 'b', nonce: 'other' }
  fs.writeFileSync(lockPath(), JSON.stringify(content))
  await expect(lockDirectory(directory, 1)).rejects.toMatchObject({
    code: 'CHECKPOINT_DIRECTORY_LOCKED',
    message: expect.stringContaining(`process ${process.pid} on elsewhere`),
    hint: `if that process is gone for sure, remove ${lockPath()}`,
  })
})

test.each(['', '{"pid":', 'null'])(
  'a lock that was cut off (%j) holds nobody off',
  async (text) => {
    fs.writeFileSync(lockPath(), text)
    fs.writeFileSync(join(directory, '.tmp-claim-unreadable-lock'), text)
    await (await lockDirectory(directory, 1)).release()
    expect(fs.readdirSync(directory)).toEqual([])
  },
)

test('a lock that cannot be written is no lock', async () => {
  for (const op of ['open', 'write', 'sync', 'link']) {
    await withDiskFaults([{ op, path: directory, action: 'EIO' }], async () => {
      await expect(lockDirectory(directory, 1)).rejects.toMatchObject({ code: 'EIO' })
    })
    expect(fs.readdirSync(directory)).toEqual([])
  }
})

test('of many processes that take over a stale lock exactly one gets it', async () => {
  const stale = await leftByDeadProcess()
  const children = await Promise.all(Array.from({ length: CONTENDERS }, (_, i) => contender(i + 7)))
  for (let round = 0; round < ROUNDS; round++) {
    leaveBehind(stale, round)
    const outcomes = await Promise.all(children.map((child) => ask(child, 'lock')))
    const expected = ['won', ...Array(CONTENDERS - 1).fill('lost')]
    expect(outcomes.toSorted().reverse(), `round ${round}`).toEqual(expected)
    const winner = children[outcomes.indexOf('won')]!
    expect(JSON.parse(lockText()).pid).toBe(winner.pid)
    expect(await ask(winner, 'release')).toBe('released')
    expect(fs.readdirSync(directory), `round ${round}`).toEqual([])
  }
  await Promise.all(children.map(kill))
})

test('however a process dies over a lock, the next one gets it', async () => {
  // Every operation of a takeover in turn is the last of its process.
  const stale = await leftByDeadProcess()
  for (let nth = 1; ; nth++) {
    leaveBehind(stale, nth)
    const child = await contender(nth, [{ op: '*', path: directory, nth, action: 'kill-after' }])
    const outcome = await ask(child, 'lock')
    if (outcome === 'won') {
      expect(nth).toBeGreaterThan(20)
      return await kill(child)
    }
    expect(outcome).toBe('died')
    await (await lockDirectory(directory, 1)).release()
    const left = fs.readdirSync(directory).filter((name) => !/^\.tmp-[0-9a-f-]{36}$/.test(name))
    expect(left, `operation ${nth}`).toEqual([])
    fs.rmSync(directory, { recursive: true })
    fs.mkdirSync(directory)
  }
})

/** The content of a lock whose process was killed. */
async function leftByDeadProcess(): Promise<object> {
  const child = await contender(1)
  expect(await ask(child, 'lock')).toBe('won')
  await kill(child)
  return JSON.parse(lockText())
}

/** A stale lock; in some rounds with a claim, and a claim to that, whose owners died as well. */
function leaveBehind(stale: object, round: number): void {
  const nonces = ['lock', 'claim', 'claim-2'].map((what) => `${what}-${round}`)
  const paths = [lockPath(), ...nonces.map((nonce) => join(directory, `.tmp-claim-${nonce}`))]
  for (let i = 0; i <= round % 3; i++) {
    fs.writeFileSync(paths[i]!, JSON.stringify({ ...stale, nonce: nonces[i] }))
  }
}

async function contender(seed: number, faults?: readonly object[]): Promise<ChildProcess> {
  const env = { ...process.env, SLUICE_DISK_FAULTS: faults && JSON.stringify(faults) }
  const child = fork(CONTENDER, [module, directory, String(seed)], { env, execArgv: [] })
  expect(await answer(child)).toBe('ready')
  return child
}

async function ask(child: ChildProcess, command: string): Promise<string> {
  const answered = answer(child)
  child.send(command)
  return answered
}

async function answer(child: ChildProcess): Promise<string> {
  const end = new AbortController()
  const died = once(child, 'exit', { signal: end.signal }).then(() => ['died'])
  const said = once(child, 'message', { signal: end.signal })
  const [what] = await Promise.race([died, said])
  end.abort()
  await Promise.allSettled([died, said])
  return String(what)
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
