import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../../src/base/clock.ts'
import { outputFailed } from '../../../src/connector/file/file-errors.ts'
import type { JsonLinesOptions } from '../../../src/connector/file/json-lines.ts'
import { jsonLines } from '../../../src/connector/file/json-lines.ts'
import type { WriterContext } from '../../../src/operator/sink.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-json-lines-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

const run = { lineage: 'l1', sinkId: 's1' }
const fresh = { ...run, overwrite: false, checkpointing: false }
const restored = { lineage: run.lineage, checkpointId: 3 }

function context(given: Partial<WriterContext> = {}): WriterContext {
  const clock = new ManualClock()
  return { subtask: 0, parallelism: 1, attempt: 1, clock, wake: () => {}, ...run, ...given }
}

function writerOf(options: JsonLinesOptions = {}, given: Partial<WriterContext> = {}) {
  return jsonLines(directory, options).writer(context(given))
}

function committer() {
  return jsonLines(directory).committer!()
}

async function writeAndCommit(records: readonly unknown[], subtask = 0): Promise<void> {
  const writer = writerOf({}, { subtask })
  for (const record of records) writer.write(record, 0)
  await committer().commit(await writer.prepareCommit(1), run)
  await writer.close()
}

const visible = () => readdirSync(directory).filter((name) => !name.startsWith('.'))
const hidden = () => readdirSync(directory).filter((name) => name.startsWith('.'))
const text = (name: string) => readFileSync(join(directory, name), 'utf8')

test('a subtask writes its lines in order into a file named after the checkpoint', async () => {
  await writeAndCommit([{ a: 1 }, { a: 'zwei' }, null, [3]], 7)
  expect(visible()).toEqual(['part-7-1.jsonl'])
  expect(text('part-7-1.jsonl')).toBe('{"a":1}\n{"a":"zwei"}\nnull\n[3]\n')
  expect(hidden()).toEqual([])
})

test('nothing is visible before the commit, however much is written', async () => {
  const writer = writerOf()
  for (let i = 0; i < 20_000; i++) writer.write({ i, text: 'some text' }, 0)
  expect(visible()).toEqual([])
  const parts = await writer.prepareCommit(1)
  expect(visible()).toEqual([])
  await committer().commit(parts, run)
  expect(text('part-0-1.jsonl').split('\n')).toHaveLength(20_001)
})

test('a commit that comes again changes nothing', async () => {
  const writer = writerOf()
  writer.write({ a: 1 }, 0)
  await committer().start!({ ...fresh, checkpointing: true })
  const parts = structuredClone(await writer.prepareCommit(3))
  await committer().commit(parts, run)
  await committer().commit(parts, run)
  await committer().recover!(parts, { ...run, restored })
  expect(text('part-0-3.jsonl')).toBe('{"a":1}\n')
})

test('records written after a checkpoint belong to the next one', async () => {
  const writer = writerOf()
  writer.write(1, 0)
  const first = await writer.prepareCommit(1)
  writer.write(2, 0)
  await committer().commit(first, run)
  await committer().commit(await writer.prepareCommit(2), run)
  expect([text('part-0-1.jsonl'), text('part-0-2.jsonl')]).toEqual(['1\n', '2\n'])
})

test('a checkpoint without records has no file', async () => {
  const writer = writerOf()
  expect(await writer.prepareCommit(1)).toEqual([])
})

test('a file that has reached rollBytes is followed by another of its checkpoint', async () => {
  const writer = writerOf({ rollBytes: '1 kb' })
  const records = Array.from({ length: 300 }, (_, i) => ({ i, pad: 'x'.repeat(1000) }))
  for (const record of records) writer.write(record, 0)
  await committer().commit(await writer.prepareCommit(1), run)
  const names = visible().sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
  expect(names.slice(0, 3)).toEqual(['part-0-1.jsonl', 'part-0-1-1.jsonl', 'part-0-1-2.jsonl'])
  const lines = names.flatMap((name) => text(name).trimEnd().split('\n'))
  expect(lines.map((line) => JSON.parse(line))).toEqual(records)
})

test('closing a writer throws away what was not handed over', async () => {
  const writer = writerOf()
  writer.write({ a: 1 }, 0)
  writer.flush?.()
  expect(hidden()).toHaveLength(1)
  await writer.close()
  expect(hidden()).toEqual([])
})

test('abort removes what the job left in progress, and no other job is touched', async () => {
  const [own, other] = [writerOf(), writerOf({}, { lineage: 'l2' })]
  own.write(1, 0)
  other.write(2, 0)
  await own.prepareCommit(1)
  await other.prepareCommit(1)
  await committer().abort!({ ...run, keep: [] })
  expect(hidden()).toEqual(['.part-l2-0-1-0.inprogress'])
})

test('a directory with output is refused, and the flag that allows it is named', async () => {
  await writeAndCommit([1])
  await expect(committer().start!(fresh)).rejects.toMatchObject({
    code: 'OUTPUT_EXISTS',
    message: `${directory} already has output (a file, such as part-0-1.jsonl)`,
    hint: expect.stringContaining('--overwrite'),
  })
  expect(text('part-0-1.jsonl')).toBe('1\n')
})

test('overwriting removes earlier output and leftovers, and nothing else', async () => {
  await writeAndCommit([1])
  writeFileSync(join(directory, '.part-old-0-1-0.inprogress'), 'left over')
  writeFileSync(join(directory, 'notes.txt'), 'mine')
  await committer().start!({ ...fresh, overwrite: true })
  expect(readdirSync(directory)).toEqual(['notes.txt'])
})

test('the directory is made, with those above it', async () => {
  const deep = join(directory, 'a', 'b')
  await jsonLines(deep).committer!().start!(fresh)
  expect(existsSync(deep)).toBe(true)
  expect(readdirSync(deep)).toEqual([])
})

test('a directory that cannot be made is refused before the job starts', async () => {
  writeFileSync(join(directory, 'file'), '')
  const below = join(directory, 'file', 'out')
  await expect(jsonLines(below).committer!().start!(fresh)).rejects.toMatchObject({
    code: 'OUTPUT_NOT_WRITABLE',
    message: `${below} cannot be written to: ENOTDIR`,
  })
})

test('a write that fails names the file and the error of the system', async () => {
  const writer = writerOf()
  writer.write(1, 0)
  rmSync(directory, { recursive: true })
  expect(() => writer.flush?.()).toThrow(
    expect.objectContaining({
      code: 'OUTPUT_FAILED',
      message: expect.stringMatching(/\.part-l1-0-1-0\.inprogress cannot be written: ENOENT$/),
    }),
  )
})

test('a full disk is named as such', () => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' })
  expect(outputFailed('/data/x', full)).toMatchObject({
    code: 'OUTPUT_FAILED',
    message: '/data/x cannot be written: ENOSPC',
    place: '/data/x',
    hint: expect.stringContaining('disk is full'),
  })
})

test('two sinks that write into one directory are told so', () => {
  const [one, two] = [writerOf(), writerOf()]
  one.write(1, 0)
  two.write(2, 0)
  one.flush?.()
  expect(() => two.flush?.()).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('another sink of this job') }),
  )
})

test('a file of another job under the same name is never replaced', async () => {
  writeFileSync(join(directory, 'part-0-1.jsonl'), 'precious')
  await expect(writeAndCommit([1])).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' })
  expect(text('part-0-1.jsonl')).toBe('precious')
})

test('a part that vanished before its commit fails the commit', async () => {
  const writer = writerOf()
  writer.write(1, 0)
  const parts = await writer.prepareCommit(1)
  await committer().abort!({ ...run, keep: [] })
  await expect(committer().commit(parts, run)).rejects.toMatchObject({
    code: 'OUTPUT_LOST',
    message: expect.stringMatching(
      /part-0-1\.jsonl cannot .+: \.part-l1-0-1-0\.inprogress is gone$/,
    ),
  })
})

test('the bytes it has written are those of its files', async () => {
  const writer = writerOf()
  expect(writer.bytesWritten).toBe(0)
  writer.write({ name: 'Z\u00fcrich' }, 0)
  writer.write([1], 0)
  await committer().commit(await writer.prepareCommit(1), run)
  expect(writer.bytesWritten).toBe(Buffer.byteLength(text('part-0-1.jsonl')))
  expect(writer.bytesWritten).toBeGreaterThan(20)
  await writer.close()
})
