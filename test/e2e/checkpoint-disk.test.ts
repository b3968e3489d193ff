/**
 * A disk that fails while a checkpoint is written: that checkpoint is given up and says why, the
 * job goes on, a later one succeeds, and the output is as if nothing had been. A disk that fails
 * where output is written: the job restarts from its latest checkpoint.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type DiskFault, withDiskFaults } from '../fixtures/disk-faults.mjs'
import { type ChildEnd, completedIn, type LogLine, runChild } from '../kill/start-child.ts'
import { fixture, scratchFolder } from './support.ts'
import { finishTally, type Places, placesIn, problemsOf, tallyOptions } from './tally.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = scratchFolder()
let runs = 0

interface Run extends ChildEnd {
  readonly places: Places
}

/** So small a threshold that each task has a state file. */
const CHECKPOINTS = { interval: 50, inlineThreshold: '1 kb' } as const

/** In a process of its own, since state and output are written by other threads. */
async function run(
  faults: readonly DiskFault[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<Run> {
  return runIn(placesIn(join(folder, String(++runs))), faults, more)
}

async function runIn(
  places: Places,
  faults: readonly DiskFault[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<Run> {
  const options = tallyOptions(places, {
    restore: 'latest',
    args: { rate: 7_000, pad: 200 },
    checkpoints: { ...CHECKPOINTS, ...more },
  })
  const end = await runChild({ root, order: { job: fixture('tally.ts'), options }, faults })
  return { ...end, places }
}

/** One that a newer one has overtaken is no failure. */
function failuresIn(lines: readonly LogLine[]): readonly LogLine[] {
  return lines.filter(
    ({ message, reason }) =>
      String(message).startsWith('checkpoint failed: ') && reason !== 'CHECKPOINT_SUBSUMED',
  )
}

function historyOf({ checkpoints }: Places): readonly LogLine[] {
  const text = readFileSync(join(checkpoints, 'history.jsonl'), 'utf8')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LogLine]))
}

/** Checkpoint 2 was given up for this reason, another followed, and nothing else is amiss. */
function expectDeclined(
  { lines, places, how, errors }: Run,
  { reason, says }: { readonly reason: string; readonly says: string },
): void {
  expect(how, `${errors} ${JSON.stringify(lines.slice(-5))}`).toBe('finished')
  expect(failuresIn(lines)).toMatchObject([
    { level: 'warn', checkpoint: 2, reason, message: expect.stringContaining(says) },
  ])
  expect(Math.max(...completedIn(lines))).toBeGreaterThan(2)
  expect(completedIn(lines)).not.toContain(2)
  expect(historyOf(places).find(({ id }) => id === 2)).toMatchObject({
    status: 'failed',
    reason,
    message: expect.stringContaining(says),
  })
  expect(lines.filter(({ message }) => message === 'a task failed: restarting')).toEqual([])
  expect(problemsOf(places)).toEqual([])
}

const METADATA = '/chk-2/\\.tmp-'
const STATE = '/chk-2/state-'

describe('a checkpoint whose files cannot be written is given up, and the job goes on', () => {
  test.each([
    ['no space for a state file', { op: 'write', path: STATE, action: 'ENOSPC' }],
    ['half of a state file written', { op: 'write', path: STATE, action: 'torn' }],
    ['a state file that cannot be synced', { op: 'sync', path: STATE, action: 'EIO' }],
    ['a state file that cannot be closed', { op: 'close', path: STATE, action: 'EIO' }],
    ['a folder that is read-only', { op: 'open', path: STATE, action: 'EROFS' }],
    ['a folder that cannot be made', { op: 'mkdir', path: '/chk-2$', action: 'EACCES' }],
  ])('%s', async (_, fault) => {
    const says = fault.action === 'torn' ? 'EIO' : fault.action
    expectDeclined(await run([fault]), { reason: 'IO_EXCEPTION', says })
  })

  test.each([
    ['no space for the metadata', { op: 'write', path: METADATA, action: 'ENOSPC' }],
    ['half of the metadata written', { op: 'write', path: METADATA, action: 'torn' }],
    ['metadata that cannot be synced', { op: 'sync', path: METADATA, action: 'EIO' }],
    ['a folder that is read-only by then', { op: 'open', path: METADATA, action: 'EROFS' }],
    ['a name that cannot be given', { op: 'link', path: '/chk-2/_metadata$', action: 'EIO' }],
    ['a folder that cannot be synced', { op: 'sync', path: '/chk-2$', action: 'EIO' }],
    ['a folder that cannot be synced then', { op: 'sync', path: '/chk-2$', action: 'EIO', nth: 2 }],
  ])('%s', async (_, fault) => {
    const says = fault.action === 'torn' ? 'EIO' : fault.action
    expectDeclined(await run([fault]), { reason: 'FINALIZE_CHECKPOINT_FAILURE', says })
  })

  test('a disk that takes longer than a checkpoint may', async () => {
    const slow = { op: 'sync', path: STATE, action: 'slow:3000' }
    const ran = await run([slow], { timeout: '1 s' })
    const late = failuresIn(ran.lines).filter(({ checkpoint }) => checkpoint === 2)
    expect(late).toMatchObject([{ reason: 'CHECKPOINT_EXPIRED' }])
    expect(ran.how).toBe('finished')
    expect(problemsOf(ran.places)).toEqual([])
  })
})

describe('a checkpoint is none the worse for', () => {
  test.each([
    ['writes in parts', [{ op: 'write', path: '/chk-\\d+/', action: 'short' }]],
    ['a slow disk', [{ op: 'sync', path: '/chk-\\d+/', action: 'slow:100' }]],
  ])('%s', async (_, faults) => {
    const { how, lines, places } = await run(faults)
    expect(how).toBe('finished')
    expect(failuresIn(lines)).toEqual([])
    expect(problemsOf(places)).toEqual([])
  })

  test('a history that cannot be written', async () => {
    const { how, lines, places } = await run([
      { op: 'write', path: '/history\\.jsonl$', action: 'ENOSPC' },
    ])
    expect(how).toBe('finished')
    expect(failuresIn(lines)).toEqual([])
    const told = 'the history of checkpoints could not be written'
    const errors = lines.filter(({ level }) => level === 'error')
    expect(errors.length).toBeGreaterThan(0)
    for (const error of errors) expect(error.message).toBe(told)
    expect(problemsOf(places)).toEqual([])
  })

  test('an old one that cannot be deleted: it goes at the end', async () => {
    const fault = { op: 'unlink', path: '/chk-1/_metadata$', action: 'EIO', nth: 1 }
    const { how, lines, places } = await run([fault], { retained: 1 })
    expect(how).toBe('finished')
    expect(lines.find(({ level }) => level === 'error')).toMatchObject({
      checkpoint: 1,
      message: 'files of a checkpoint could not be deleted',
    })
    expect(problemsOf(places)).toEqual([])
  })
})

test('a job whose end cannot be noted has finished, and finishes again if started', async () => {
  const { how, lines, places } = await run([
    { op: 'rename', path: '/job\\.json$', nth: 3, action: 'ENOSPC' },
  ])
  expect(how).toBe('finished')
  const [error] = lines.filter(({ level }) => level === 'error')
  expect(error).toMatchObject({ message: 'ending the checkpoints failed' })
  const again = await runIn(places, [])
  expect(again.how).toBe('finished')
  expect(again.restored).toBeGreaterThan(0)
  expect(problemsOf(places)).toEqual([])
})

test('one more failed checkpoint in a row than is tolerated fails the job', async () => {
  const { how, code, lines, places } = await run(
    [{ op: 'write', path: '/chk-([3-9]|\\d\\d+)/\\.tmp-', action: 'ENOSPC' }],
    { tolerableFailures: 2 },
  )
  expect([how, code]).toEqual(['failed', 'TOO_MANY_CHECKPOINTS_FAILED'])
  // Each attempt fails so; the job gives up when it may not restart any more.
  expect(failuresIn(lines).length).toBeGreaterThanOrEqual(3)
  expect(
    readdirSync(places.checkpoints)
      .filter((name) => name.startsWith('chk-'))
      .sort(),
  ).toEqual(['chk-1', 'chk-2'])
})

describe('where output cannot be written the job restarts from its latest checkpoint', () => {
  // Of the first subtask, in the first attempt: the file behind that of the first checkpoint.
  const PART = '/\\.part-[a-z0-9]+-0-1-1\\.inprogress$'
  test.each([
    ['no space for a part', { op: 'write', path: PART, action: 'ENOSPC' }],
    ['half of a part written', { op: 'write', path: PART, action: 'torn' }],
    ['a part that cannot be opened', { op: 'open', path: PART, action: 'EACCES' }],
    ['a part that cannot be synced', { op: 'sync', path: PART, action: 'EIO' }],
    ['a name that cannot be given', { op: 'link', path: '/part-0-\\d+', action: 'EIO', nth: 1 }],
    [
      'a hidden name that stays',
      { op: 'unlink', path: '/\\.part-[a-z0-9]+-0-', action: 'EIO', nth: 1 },
    ],
  ])('%s', async (_, fault) => {
    const { how, lines, places, errors, restored } = await run([fault])
    expect(how, `${errors} ${JSON.stringify(lines.slice(-5))}`).toBe('finished')
    const restarts = lines.filter(({ message }) => message === 'a task failed: restarting')
    const says = fault.action === 'torn' ? 'EIO' : fault.action
    expect(restarts).toMatchObject([{ restart: 1, error: expect.stringContaining(says) }])
    const before = completedIn(lines.slice(0, lines.indexOf(restarts[0]!)))
    expect(restored).toBe(before.at(-1))
    expect(problemsOf(places)).toEqual([])
  })

  test('a folder that cannot be synced when its files have their names', async () => {
    const places = placesIn(join(folder, 'folder'))
    // In this thread alone: the first two are of the marker, before the job starts.
    const fault = { op: 'sync', path: `${places.output}$`, action: 'EIO', nth: 3 }
    const { lines, job } = await withDiskFaults([fault], () =>
      finishTally(places, { args: { rate: 10_000 }, checkpoints: CHECKPOINTS }),
    )
    expect(lines.filter(({ message }) => message === 'a task failed: restarting')).toMatchObject([
      { restart: 1, error: expect.stringContaining('EIO') },
    ])
    expect(job.checkpoints.latestRestored?.id).toBeGreaterThan(0)
    expect(problemsOf(places)).toEqual([])
  })
})
