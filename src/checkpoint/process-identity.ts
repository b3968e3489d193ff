/**
 * Whether the process that left something behind still runs. A pid alone does not tell: pids come
 * again, in containers often the very same one. Together with the time at which the process was
 * started, and the boot of the system, they do.
 * Threads: any.
 */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { errnoOf } from '../storage/storage-errors.ts'

export interface ProcessIdentity {
  readonly pid: number
  readonly host: string
  /** Undefined where the system does not tell. */
  readonly boot?: string | undefined
  /** In the system's own unit, since it was booted. */
  readonly started?: string | undefined
}

/** 'elsewhere': on another host, about whose processes nothing is known here. */
export type ProcessState = 'running' | 'gone' | 'elsewhere'

/** Positions in /proc/<pid>/stat behind the name, which is in parentheses and may be anything. */
const STATE_FIELD = 0
const START_FIELD = 19
const UNREADABLE = ['ENOENT', 'ESRCH', 'EACCES', 'EPERM']

/** It stays what it is. */
const known: { own?: Promise<ProcessIdentity> } = {}

export function ownIdentity(): Promise<ProcessIdentity> {
  known.own ??= readOwn()
  return known.own
}

async function readOwn(): Promise<ProcessIdentity> {
  const stat = await statOf(process.pid)
  return {
    pid: process.pid,
    host: hostname(),
    boot: await readText('/proc/sys/kernel/random/boot_id'),
    started: stat?.[START_FIELD],
  }
}

export async function stateOf(other: ProcessIdentity, own: ProcessIdentity): Promise<ProcessState> {
  if (other.host !== own.host) return 'elsewhere'
  if (own.boot !== undefined && other.boot !== undefined && own.boot !== other.boot) return 'gone'
  const stat = await statOf(other.pid)
  // There may be no /proc, or one that hides what other users run.
  if (stat === undefined) return hasProcess(other.pid) ? 'running' : 'gone'
  if (isDead(stat[STATE_FIELD])) return 'gone'
  return other.started === undefined || other.started === stat[START_FIELD] ? 'running' : 'gone'
}

/** Killed, and not yet taken note of by its parent. */
function isDead(state: string | undefined): boolean {
  return state === 'Z' || state === 'X'
}

async function statOf(pid: number): Promise<readonly string[] | undefined> {
  const text = await readText(`/proc/${pid}/stat`)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** Undefined where it cannot be read: another system, or no such process. */
async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    const errno = errnoOf(error)
    if (errno !== undefined && UNREADABLE.includes(errno)) return undefined
    throw error
  }
}

function hasProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return errnoOf(error) === 'EPERM'
  }
}
