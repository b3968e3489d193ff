/**
 * One job at a time in a checkpoint directory. The lock is a file made by a hard link, which fails
 * where the name is taken; it tells who holds it. That of a dead process is taken away, and that
 * must not hit the lock of somebody who was quicker: a file is removed only under a claim to that
 * very file, itself made by a link, and after looking whether the file is still the one that was
 * judged. A claim whose owner died is removed in the same way, under a claim to it.
 * Threads: main.
 */
import { randomUUID } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { sleep } from '../base/clock.ts'
import { SluiceError } from '../base/errors.ts'
import {
  removeLeftover,
  TEMPORARY_PREFIX,
  temporaryPath,
  unlinkIfThere,
  writeDurably,
} from '../storage/durable-files.ts'
import { filesAt } from '../storage/file-system.ts'
import { errnoOf } from '../storage/storage-errors.ts'
import { ownIdentity, type ProcessIdentity, stateOf } from './process-identity.ts'

export interface DirectoryLock {
  /** Idempotent. */
  release(): Promise<void>
}

interface Holder extends ProcessIdentity {
  readonly sinceMs: number
  /** Unlike that of any other file. */
  readonly nonce: string
}

const LOCK_NAME = 'lock'
const CLAIM_PREFIX = `${TEMPORARY_PREFIX}claim-`
const RETRY_MS = 5
/** Taking a lock away takes some milliseconds; whoever needs longer is told of as its holder. */
const TRIES_MAX = 400

/** Throws CHECKPOINT_DIRECTORY_LOCKED where another process, or another job of this one, has it. */
export async function lockDirectory(directory: string, nowMs: number): Promise<DirectoryLock> {
  const own: Holder = { ...(await ownIdentity()), sinceMs: nowMs, nonce: randomUUID() }
  const path = join(directory, LOCK_NAME)
  for (let tries = 0; !(await makeFile(path, own)); tries++) {
    const holder = await readHolder(path)
    if (holder === undefined) continue
    if (tries > TRIES_MAX || (await isHeld(holder, own))) throw locked(directory, holder, own)
    await takeAway(path, holder, own)
  }
  await removeOldClaims(directory, own.nonce)
  return { release: () => release(path, own.nonce) }
}

/** False if the name is taken. */
async function makeFile(path: string, content: Holder): Promise<boolean> {
  const temporary = temporaryPath(dirname(path))
  try {
    await writeDurably(temporary, [new TextEncoder().encode(JSON.stringify(content))])
    return await linkIfFree(temporary, path)
  } finally {
    await removeLeftover(temporary)
  }
}

async function linkIfFree(temporary: string, path: string): Promise<boolean> {
  try {
    await filesAt(path).link(temporary, path)
    return true
  } catch (error) {
    const errno = errnoOf(error)
    // ENOENT: who holds the directory has cleaned up, our temporary file included.
    if (errno === 'EEXIST' || errno === 'ENOENT') return false
    throw error
  }
}

/** Undefined if there is none. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return holderIn(await filesAt(path).readText(path), basename(path))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** A link shows whole files only, so what cannot be read was cut off by a loss of power. */
function holderIn(text: string, name: string): Holder {
  const nobody = { pid: 0, host: '', sinceMs: 0, nonce: `unreadable-${name}` }
  try {
    return { ...nobody, ...(JSON.parse(text) as Holder) }
  } catch {
    return nobody
  }
}

async function isHeld(holder: Holder, own: Holder): Promise<boolean> {
  return holder.pid !== 0 && (await stateOf(holder, own)) !== 'gone'
}

/** Removes the file if it is still that of the dead holder; somebody else may do so as well. */
async function takeAway(path: string, dead: Holder, own: Holder): Promise<void> {
  const claim = join(dirname(path), `${CLAIM_PREFIX}${dead.nonce}`)
  if (await makeFile(claim, { ...own, nonce: randomUUID() })) {
    try {
      if ((await readHolder(path))?.nonce === dead.nonce) await unlinkIfThere(path)
    } finally {
      await unlinkIfThere(claim)
    }
    return
  }
  const claimant = await readHolder(claim)
  if (claimant === undefined) return
  if (await isHeld(claimant, own)) await sleep(RETRY_MS)
  else await takeAway(claim, claimant, own)
}

/** Of those who died over them. None can be of use: the files they were for are not there. */
async function removeOldClaims(directory: string, nonce: string): Promise<void> {
  const names = (await filesAt(directory).entries(directory)).map(({ name }) => name)
  const old = names.filter((name) => name.startsWith(CLAIM_PREFIX) && !name.endsWith(nonce))
  await Promise.all(old.map((name) => unlinkIfThere(join(directory, name))))
}

async function release(path: string, nonce: string): Promise<void> {
  // Nobody takes the lock of a living process: if it is ours now, it is ours below.
  if ((await readHolder(path))?.nonce === nonce) await unlinkIfThere(path)
}

function locked(directory: string, holder: Holder, own: Holder): SluiceError {
  const since = new Date(holder.sinceMs).toISOString()
  const isHere = holder.host === own.host
  const isOwn = isHere && holder.pid === own.pid
  const whom = isOwn ? 'another job of this process' : `process ${holder.pid} on ${holder.host}`
  const hint = isHere
    ? 'stop that job first, or name another checkpoint directory'
    : `if that process is gone for sure, remove ${join(directory, LOCK_NAME)}`
  return new SluiceError(
    'CHECKPOINT_DIRECTORY_LOCKED',
    `the checkpoint directory ${directory} is in use by ${whom} since ${since}`,
    { place: join(directory, LOCK_NAME), hint },
  )
}
