/**
 * Records gain and lose a field while some of them are on their way: those that a checkpoint holds
 * are read as they were written, and come as they are declared now.
 */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { type JobHandle, runJob } from 'sluice'
import { expect, test } from 'vitest'
import type { EvolvingArgs, EvolvingRow } from '../fixtures/jobs/changing-fields.ts'
import { readRows } from '../reference/compare-flights.ts'
import { failed, fixture, hasRead, scratchFolder, within } from './support.ts'

const folder = scratchFolder()
const RECORDS = 62_000
/** Keys of so many records cannot all have numbers: those behind are spelled. */
const FAST = 52_000

interface Run extends Pick<EvolvingArgs, 'fields' | 'declared'> {
  readonly name: string
  readonly parallelism?: number
  readonly crawlMs?: number
}

function start({ name, parallelism = 2, ...given }: Run): Promise<JobHandle> {
  const output = join(folder, name, 'rows')
  const args = { records: RECORDS, output, crawlFrom: FAST, ...given } satisfies EvolvingArgs
  return runJob(fixture('changing-fields.ts'), {
    parallelism,
    restore: 'latest',
    args: { ...args },
    checkpoints: { dir: join(folder, name, 'checkpoints'), unaligned: true },
  })
}

/** A job of before, stopped where records of before are on their way by every exchange. */
async function stopped(declared: boolean): Promise<string> {
  const name = declared ? 'declared' : 'learned'
  const job = await start({ name, fields: 'before', declared, crawlMs: 20 })
  await hasRead(job, FAST + 1_000)
  await within('a checkpoint', job.checkpoints.trigger())
  const { tasks } = job.checkpoints.latestCompleted!
  const keeping = tasks.filter(({ persistedInFlightBytes }) => persistedInFlightBytes > 1_000)
  await job.cancel()
  // Two subtasks behind each of the three exchanges.
  expect(keeping.map(({ vertex }) => vertex).sort()).toHaveLength(6)
  return name
}

/** What operators saw: how often each record, and how many records with which fields. */
function seen(name: string, exchange: string) {
  const rows = readRows<EvolvingRow>(join(folder, name, 'rows', exchange))
  const ids = new Set(rows.map(({ id }) => id))
  const kinds: Record<string, number> = {}
  for (const { fields } of rows) kinds[fields] = (kinds[fields] ?? 0) + 1
  return { rows: rows.length, ids: ids.size, kinds }
}

async function restored(from: string, run: Omit<Run, 'name'>): Promise<string> {
  const name = `${from} ${run.fields} ${run.parallelism}`
  cpSync(join(folder, from), join(folder, name), { recursive: true })
  const job = await start({ name, ...run })
  await within('the job', job.finished)
  return name
}

const COMMON = 'few,id,many'
const GONE = 'few,gone,id,many'
const ADDED = 'added,few,id,many'

test.each([
  ['learned', false],
  ['declared', true],
])(
  'a field more and a field less, shapes are %s',
  async (_, declared) => {
    const from = await stopped(declared)
    const done = Object.fromEntries(
      ['few', 'many', 'dealt'].map((one) => [one, seen(from, one).kinds[GONE] ?? 0]),
    )
    for (const parallelism of [2, 3]) {
      const name = await restored(from, { fields: 'after', declared, parallelism })
      for (const exchange of ['few', 'many', 'dealt']) {
        const { rows, ids, kinds } = seen(name, exchange)
        expect([rows, ids], `${name}, ${exchange}`).toEqual([RECORDS, RECORDS])
        expect(Object.keys(kinds).sort()).toEqual([ADDED, COMMON, GONE].sort())
        // What was on its way has the field that is gone only where no schema says otherwise.
        const onTheirWay = kinds[GONE]! - done[exchange]!
        if (declared) expect(onTheirWay, `${name}, ${exchange}`).toBe(0)
        else expect(onTheirWay, `${name}, ${exchange}`).toBeGreaterThan(10)
      }
    }
    if (!declared) return
    const error = await failed(restored(from, { fields: 'wrong', declared, parallelism: 2 }))
    expect(error).toMatchObject({
      code: 'RESTORE_IN_FLIGHT',
      message: expect.stringMatching(
        /on its way from 'generator.* to '.*' is not as it is declared now: field 'added' is/,
      ),
      hint: expect.stringContaining('t.optional'),
    })
  },
  180_000,
)
