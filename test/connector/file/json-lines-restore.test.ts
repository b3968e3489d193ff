/** Whose output a directory holds, and what a job that goes on from a checkpoint does with it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../../src/base/clock.ts'
import { jsonLines } from '../../../src/connector/file/json-lines.ts'
import { judgePart } from '../../../src/connector/file/part-publisher.ts'
import type { StartContext } from '../../../src/operator/sink.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-restore-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

const MARKER = '.sluice-output.json'
const run = { lineage: 'l1', sinkId: 's1' }
const started = { ...run, overwrite: false, checkpointing: true }
const at = (checkpointId: number, lineage = 'l1') => ({ lineage, checkpointId })
const committer = () => jsonLines(directory).committer!()
const start = (given: Partial<StartContext> = {}) => committer().start!({ ...started, ...given })
const visible = () => readdirSync(directory).filter((name) => !name.startsWith('.'))
const hidden = () => readdirSync(directory).filter((name) => name.startsWith('.part'))
const text = (name: string) => readFileSync(join(directory, name), 'utf8')

let attempt = 0
function writer(lineage = 'l1') {
  const context = { ...run, lineage, subtask: 0, parallelism: 1, attempt: ++attempt }
  return jsonLines(directory).writer({ ...context, clock: new ManualClock(), wake: () => {} })
}

async function prepare(checkpointId: number, lineage = 'l1') {
  const one = writer(lineage)
  one.write(checkpointId, 0)
  const parts = await one.prepareCommit(checkpointId)
  await one.close()
  return parts
}

async function commitAll(...checkpointIds: readonly number[]): Promise<void> {
  for (const id of checkpointIds) await committer().commit(await prepare(id), run)
}

async function restore(id: number, parts: readonly unknown[] = [], lineage = 'l1'): Promise<void> {
  const restored = at(id, lineage)
  await start({ restored })
  await committer().recover!(parts, { ...run, restored })
}

test('a job that takes checkpoints marks the directory until it has finished', async () => {
  await start({ checkpointing: false })
  expect(readdirSync(directory)).toEqual([])
  await start()
  expect(readdirSync(directory)).toEqual([MARKER])
  await commitAll(1)
  await committer().finish!({ ...run, lineage: 'l2' })
  expect(readdirSync(directory)).toEqual([MARKER, 'part-0-1.jsonl'])
  await committer().finish!(run)
  expect(readdirSync(directory)).toEqual(['part-0-1.jsonl'])
})

test('a restore commits what was prepared, withdraws what is later, clears the rest', async () => {
  await start()
  await commitAll(1)
  const second = await prepare(2)
  await commitAll(3)
  await prepare(4)
  const stranger = await prepare(1, 'l2')
  await restore(2, second)
  expect(visible()).toEqual(['part-0-1.jsonl', 'part-0-2.jsonl'])
  expect(hidden()).toEqual(stranger.map((part) => (part as { from: string }).from))
})

test('a part that two checkpoints hold is published once', async () => {
  await start()
  const first = await prepare(1)
  const second = await prepare(2)
  // As metadata bring it: copies, of what 1 could not commit and of what 2 has for itself.
  await restore(2, structuredClone([first, first, second]).flat())
  expect(visible()).toEqual(['part-0-1.jsonl', 'part-0-2.jsonl'])
  expect(hidden()).toEqual([])
  const third = await prepare(3)
  await committer().commit([...third, ...third], run)
  expect(visible()).toHaveLength(3)
})

test('what is written while a checkpoint is being synced belongs to the next one', async () => {
  const one = writer()
  one.write('a', 0)
  const first = one.prepareCommit(1)
  one.write('b', 0)
  const second = one.prepareCommit(2)
  one.write('c', 0)
  const third = one.prepareCommit(3)
  const fourth = one.prepareCommit(4)
  await one.close()
  expect(await fourth).toEqual([])
  for (const parts of [third, second, first]) await committer().commit(await parts, run)
  const files = ['part-0-1.jsonl', 'part-0-2.jsonl', 'part-0-3.jsonl']
  expect(visible()).toEqual(files)
  expect(files.map(text)).toEqual(['"a"\n', '"b"\n', '"c"\n'])
})

test('output that is gone is not gone without a word', async () => {
  await start()
  const parts = await prepare(1)
  await committer().commit(parts, run)
  unlinkSync(join(directory, 'part-0-1.jsonl'))
  await expect(restore(1, parts)).rejects.toMatchObject({
    code: 'OUTPUT_LOST',
    place: join(directory, 'part-0-1.jsonl'),
  })
})

test('nothing is withdrawn where something is lost', async () => {
  await start()
  const parts = await prepare(1)
  await commitAll(2)
  unlinkSync(join(directory, hidden()[0]!))
  await expect(restore(1, parts)).rejects.toMatchObject({ code: 'OUTPUT_LOST' })
  expect(visible()).toEqual(['part-0-2.jsonl'])
})

test('a directory that was emptied while the job ran is missed', async () => {
  await start()
  unlinkSync(join(directory, MARKER))
  const again = committer().recover!([], { ...run, restored: at(1) })
  await expect(again).rejects.toMatchObject({ code: 'OUTPUT_LOST', place: directory })
})

test('in a new place the output of the restored checkpoint is passed over', async () => {
  const parts = await prepare(5, 'far')
  for (const name of hidden()) unlinkSync(join(directory, name))
  await restore(5, parts, 'far')
  await commitAll(6)
  // Once more from there, as after a crash before the first checkpoint of its own.
  await restore(5, parts, 'far')
  expect(visible()).toEqual([])
  await commitAll(6)
  await restore(6)
  expect(visible()).toEqual(['part-0-6.jsonl'])
})

test('output without a marker is nobody to go on with', async () => {
  await start({ checkpointing: false })
  await commitAll(1)
  await expect(restore(1)).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
  expect(visible()).toEqual(['part-0-1.jsonl'])
})

test.each([
  ['a job that goes on from elsewhere', { lineage: 'l2', restored: at(1, 'far') }],
  ['one that goes on from what was taken over', { lineage: 'l2', restored: at(2, 'l0') }],
  ['another job', { lineage: 'l2', sinkId: 's2' }],
  ['another sink of the job', { sinkId: 's2' }],
])('%s leaves the output of a job alone', async (_, given) => {
  await start({ lineage: 'l0' })
  await start({ restored: at(1, 'l0') })
  await committer().recover!([], { ...run, restored: at(1, 'l0') })
  await commitAll(3)
  await expect(start(given)).rejects.toMatchObject({ code: 'OUTPUT_OF_ANOTHER_JOB' })
  expect(visible()).toEqual(['part-0-3.jsonl'])
})

test('so does one that finds a marker it cannot read', async () => {
  writeFileSync(join(directory, MARKER), '{"version":2,"lineage":"l1","sinkId":"s1"}')
  await expect(start()).rejects.toMatchObject({ code: 'OUTPUT_OF_ANOTHER_JOB' })
  await expect(restore(1)).rejects.toMatchObject({ code: 'OUTPUT_OF_ANOTHER_JOB' })
  await start({ overwrite: true })
  expect(JSON.parse(text(MARKER))).toMatchObject({ version: 1, lineage: 'l1' })
})

test('a job that may be restored is named where its output is refused', async () => {
  await start()
  await commitAll(1)
  await expect(start({ lineage: 'l2' })).rejects.toMatchObject({
    code: 'OUTPUT_EXISTS',
    hint: expect.stringContaining('restore a checkpoint'),
  })
})

test('overwriting replaces the output of others, and never what a restore counts on', async () => {
  await start()
  await commitAll(1, 2)
  await start({ overwrite: true, restored: at(1) })
  expect(visible()).toEqual(['part-0-1.jsonl', 'part-0-2.jsonl'])
  await start({ overwrite: true, restored: at(1, 'far') })
  expect(visible()).toEqual([])
})

test('a job without checkpoints takes the place of one that came to nothing', async () => {
  await start()
  await prepare(1)
  await start({ lineage: 'l2', checkpointing: false })
  expect(readdirSync(directory)).toEqual([])
})

test('an aborted job keeps what a checkpoint still has to make visible', async () => {
  await start()
  const [kept] = [await prepare(1), await prepare(2)]
  await committer().abort!({ ...run, keep: kept })
  expect(hidden()).toHaveLength(1)
  await restore(1, kept)
  expect(visible()).toEqual(['part-0-1.jsonl'])
})

const file = (identity: string, bytes: number) => ({ identity, bytes })

test.each([
  ['only hidden', file('a', 3), undefined, true, 'publish'],
  ['hidden, and not what was synced', file('a', 2), undefined, true, 'damaged'],
  ['both names of one file', file('a', 3), file('a', 3), false, 'published'],
  ['only visible', undefined, file('a', 3), false, 'published'],
  ['neither', undefined, undefined, true, 'missing'],
  ['a stranger of another size', undefined, file('b', 4), true, 'other-file'],
  ['two files in a place of anybody', file('a', 3), file('b', 3), false, 'other-file'],
  ['published, and its hidden name used anew', file('a', 1), file('b', 3), true, 'published'],
  ['two files, neither it', file('a', 1), file('b', 4), true, 'other-file'],
])('a part of 3 bytes: %s', (_, hidden, visible, isOurs, expected) => {
  expect(judgePart({ bytes: 3, hidden, visible, isOurs })).toBe(expected)
})
