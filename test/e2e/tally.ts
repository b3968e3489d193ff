/**
 * The tally job, stopped in the middle with some checkpoints behind it, and how its output must
 * look in the end.
 */
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type JobHandle, type JobResult, type RunOptions, runJob } from 'sluice'
import type { TallyArgs, TallyRow } from '../fixtures/jobs/tally.ts'
import { leftoversIn } from '../kill/visible-output.ts'
import { fixture, until, within } from './support.ts'

/** Where a job writes. */
export interface Places {
  readonly output: string
  readonly checkpoints: string
}

export const RECORDS = 20_000
export const KEYS = 100

export function placesIn(folder: string): Places {
  return { output: join(folder, 'output'), checkpoints: join(folder, 'checkpoints') }
}

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly [field: string]: unknown
}

export interface Started {
  readonly job: JobHandle
  readonly lines: readonly LogLine[]
}

type StartOptions = Omit<RunOptions, 'args' | 'log'> & { readonly args?: Partial<TallyArgs> }

/** What every test may change. */
export function tallyOptions({ output, checkpoints }: Places, options: StartOptions = {}) {
  return {
    parallelism: 2,
    ...options,
    args: { records: RECORDS, keys: KEYS, output, ...options.args },
    // Nowhere: in memory.
    checkpoints: { ...(checkpoints === '' ? {} : { dir: checkpoints }), ...options.checkpoints },
  }
}

export async function startTally(places: Places, options: StartOptions = {}): Promise<Started> {
  const lines: LogLine[] = []
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, message, ...fields })
  }
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const job = await runJob(fixture('tally.ts'), { ...tallyOptions(places, options), log })
  return { job, lines }
}

/** Runs the job to its end. */
export async function finishTally(places: Places, options: StartOptions = {}) {
  const { job, lines } = await startTally(places, options)
  const result: JobResult = await within('the tally', job.finished)
  return { result, job, lines }
}

/**
 * Takes so many checkpoints, each with new records behind it, and stops the job. Some records are
 * read behind the last one, too.
 */
export async function stoppedTally(
  places: Places,
  { count, ...options }: StartOptions & { readonly count: number },
): Promise<void> {
  const args = { rate: 1_000, ...options.args }
  const { job } = await startTally(places, { ...options, args })
  for (let n = 1; n <= count; n++) {
    await readMore(job)
    await within('a checkpoint', job.checkpoints.trigger())
  }
  await readMore(job)
  await job.cancel()
}

async function readMore(job: JobHandle): Promise<void> {
  const before = job.metrics().recordsRead
  await until('reading', () => job.metrics().recordsRead >= before + 200)
}

/** The same places with all that is in them, in another folder. */
export function copyOf(places: Places, folder: string): Places {
  const copy = placesIn(folder)
  cpSync(places.output, copy.output, { recursive: true })
  cpSync(places.checkpoints, copy.checkpoints, { recursive: true })
  return copy
}

/** What is wrong with the output of a job that has finished, and what it left behind. */
export function problemsOf(places: Places): readonly string[] {
  const { output, checkpoints } = places
  const left = leftoversIn(output, checkpoints).map((name) => `${name} is left behind`)
  return [...tallyProblems(rowsIn(output)), ...left]
}

export function rowsIn(output: string): readonly TallyRow[] {
  return readdirSync(output)
    .filter((name) => name.endsWith('.jsonl') && !name.startsWith('.'))
    .flatMap((name) => readFileSync(join(output, name), 'utf8').split('\n').slice(0, -1))
    .map((line) => JSON.parse(line) as TallyRow)
}

export function tallyProblems(rows: readonly TallyRow[]): readonly string[] {
  const times = new Map<string, number>()
  for (const { key, count } of rows) {
    const row = `${key}: ${count}`
    times.set(row, (times.get(row) ?? 0) + 1)
  }
  const expected = Array.from(
    { length: RECORDS },
    (_, id) => `key ${id % KEYS}: ${1 + Math.floor(id / KEYS)}`,
  )
  const lost = expected.filter((row) => !times.has(row)).map((row) => `${row} is lost`)
  const doubled = [...times].filter(([, n]) => n > 1).map(([row, n]) => `${row} comes ${n} times`)
  const strangers = rows.length > RECORDS + doubled.length ? [`${rows.length} rows`] : []
  return [...lost, ...doubled, ...strangers].slice(0, 20)
}
