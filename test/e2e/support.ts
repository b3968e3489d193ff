/** What the end-to-end tests share: watchdogs, failures read as a user would, output folders. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type JobHandle, type RunOptions, runJob, SluiceError } from 'sluice'
import { afterAll } from 'vitest'

const JOBS = fileURLToPath(new URL('../fixtures/jobs/', import.meta.url))
const COMMAND = fileURLToPath(new URL('../../src/cli/sluice.mjs', import.meta.url))

/** Nothing in these tests takes longer unless it hangs, not even on a machine that is overrun. */
const WATCHDOG_MS = 150_000

/** The path of a job among the fixtures. */
export function fixture(name: string): string {
  return join(JOBS, name)
}

/** A folder that is removed when the test file is through. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-e2e-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes a job module and gives its path. */
export function writeJob(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** Rejects, naming what hangs, if the promise takes too long. */
export async function within<T>(what: string, promise: Promise<T>, ms = WATCHDOG_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The error with which a job fails, at its start or later. */
export async function failureOf(path: string, options: RunOptions = {}): Promise<SluiceError> {
  return failed(run(path, options))
}

async function run(path: string, options: RunOptions): Promise<unknown> {
  const job = await runJob(path, options)
  return job.finished
}

/** The SluiceError with which the promise rejects. */
export async function failed(promise: Promise<unknown>): Promise<SluiceError> {
  const thrown = await within(
    'a failing job',
    promise.then(notFailed, (error: unknown) => error),
  )
  if (thrown instanceof SluiceError) return thrown
  throw new Error('expected a SluiceError', { cause: thrown })
}

function notFailed(): never {
  throw new Error('the job was expected to fail')
}

/** `file:line` of the one line of a file that ends in the text. */
export function lineEnding(file: string, text: string): string {
  const lines = readFileSync(file, 'utf8').split('\n')
  const found = lines.flatMap((line, index) => (line.endsWith(text) ? [index + 1] : []))
  if (found.length !== 1) throw new Error(`${found.length} lines of ${file} end in ${text}`)
  return `${file}:${found[0]}`
}

/** All files below a folder, those in progress included; none if there is no folder. */
export function fileTree(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}

/** Resolves when the condition holds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const poll = async () => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await within(what, poll())
}

/** Resolves when the job has read records. */
export function hasRead(job: JobHandle, records = 1): Promise<void> {
  return until('reading', () => job.metrics().recordsRead >= records)
}

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Starts the command as a shell does. */
export function startSluice(...words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [COMMAND, ...words], { cwd: JOBS })
}

/** Exit code and output of a command; it is killed if it hangs. */
export async function ended(child: ChildProcess): Promise<Ended> {
  let out = ''
  let err = ''
  child.stdout!.on('data', (chunk) => (out += chunk))
  child.stderr!.on('data', (chunk) => (err += chunk))
  try {
    const [code] = await within('the command', once(child, 'close'))
    return { code, out, err }
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`${String(error)}; it said: ${err}`)
  }
}

/** Runs the command to its end, without the log. */
export function sluice(...words: readonly string[]): Promise<Ended> {
  return ended(startSluice(...words, '--log-level', 'silent'))
}
