/**
 * Starts a process that runs a job with checkpoints, with a disk that may fail or kill it, and
 * gives what it told.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DiskFault } from '../fixtures/disk-faults.mjs'

/** What the child is to do: its only argument. */
export interface ChildOrder {
  /** Path of the job's module. */
  readonly job: string
  /** Of `runJob`: plain data. */
  readonly options: Readonly<Record<string, unknown>>
  /** Kills itself so long after the `nth` message that begins so. */
  readonly killAt?: KillAt | undefined
}

export interface KillAt {
  readonly message: string
  readonly nth: number
  readonly delayMs: number
}

export interface ChildOptions {
  /** Of the repository. */
  readonly root: string
  readonly order: ChildOrder
  readonly faults?: readonly DiskFault[] | undefined
  /** Killed so long after its start. */
  readonly killAfterMs?: number | undefined
}

export type LogLine = Readonly<Record<string, unknown>>

export interface ChildEnd {
  /** `failed` has a code. */
  readonly how: 'killed' | 'finished' | 'failed' | 'hung'
  readonly code?: string | undefined
  /** Of a job that finished: the checkpoint that it went on from at last. */
  readonly restored?: number | undefined
  readonly lines: readonly LogLine[]
  readonly errors: string
}

const HANGS_AFTER_MS = 180_000

export async function runChild(options: ChildOptions): Promise<ChildEnd> {
  const { root, order, faults, killAfterMs } = options
  const child = spawn(
    process.execPath,
    [join(root, 'test/kill/child.mjs'), JSON.stringify(order)],
    { cwd: root, env: environment(root, faults), stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let out = ''
  let errors = ''
  let isHung = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const hung = setTimeout(() => {
    isHung = true
    child.kill('SIGKILL')
  }, HANGS_AFTER_MS)
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs ?? HANGS_AFTER_MS * 2)
  const [, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearTimeout(hung)
  clearTimeout(timer)
  const lines = linesOf(out)
  const end = lines.find((line) => 'end' in line)
  if (isHung) return { how: 'hung', lines, errors }
  if (end === undefined) return { how: signal === 'SIGKILL' ? 'killed' : 'failed', lines, errors }
  const how = end.end === 'finished' ? 'finished' : 'failed'
  const { code, restored } = end as Partial<ChildEnd>
  return { how, code, restored, lines, errors }
}

function environment(root: string, faults: readonly DiskFault[] = []): NodeJS.ProcessEnv {
  if (faults.length === 0) return process.env
  const file = pathToFileURL(join(root, 'test/fixtures/disk-faults.mjs')).href
  return {
    ...process.env,
    NODE_OPTIONS: `--import ${file}`,
    SLUICE_DISK_FAULTS: JSON.stringify(faults),
  }
}

/** A kill may cut the last line off. */
function linesOf(out: string): readonly LogLine[] {
  const whole = out.slice(0, out.lastIndexOf('\n') + 1)
  return whole.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LogLine]))
}

/** How many checkpoints completed. */
export function completedIn(lines: readonly LogLine[]): readonly number[] {
  return lines
    .filter(({ message }) => message === 'checkpoint complete')
    .map(({ checkpoint }) => checkpoint as number)
}
