import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../../src/base/clock.ts'
import { fromJsonLines } from '../../../src/connector/file/from-json-lines.ts'
import { text } from '../../../src/connector/file/text.ts'
import type { Source, UnreadableRecord } from '../../../src/operator/source.ts'
import { checkSource } from '../../../src/testing/source-conformance.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-lines-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

function file(content: string | Uint8Array, name = 'in.jsonl'): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

async function unreadableOf(source: Source<unknown>): Promise<readonly UnreadableRecord[]> {
  const found: UnreadableRecord[] = []
  for (const split of await source.enumerator({ parallelism: 1 }).discover()) {
    const clock = new ManualClock()
    const reader = source.reader({ subtask: 0, parallelism: 1, clock, wake: () => {} })
    await reader.open(split, undefined)
    for (;;) {
      const batch = await reader.next()
      if (batch === undefined || batch === 'later') break
      found.push(...(batch.unreadable ?? []))
    }
    await reader.close()
  }
  return found
}

test('each line of JSON is a record', async () => {
  const path = file('{"a":1}\n[2]\n"drei"\nnull\n')
  expect(await checkSource(fromJsonLines(path))).toEqual([{ a: 1 }, [2], 'drei', null])
})

test('lines of text keep their order and their emptiness', async () => {
  expect(await checkSource(text(file('one\n\n two \n\n')))).toEqual(['one', '', ' two ', ''])
})

test.each([
  ['CRLF', 'a\r\nb\r\n', ['a', 'b']],
  ['a byte order mark', '\ufeffa\nb\n', ['a', 'b']],
  ['a last line without its end', 'a\nb', ['a', 'b']],
  ['one line without an end', 'a', ['a']],
  ['a carriage return alone', 'a\rb\n\r\n', ['a\rb', '']],
  ['an empty file', '', []],
  ['one empty line', '\n', ['']],
])('%s is read as people expect', async (_, content, expected) => {
  expect(await checkSource(text(file(content)))).toEqual(expected)
})

const line = fc.string({ unit: 'binary', maxLength: 40 }).map((s) => s.replaceAll(/[\r\n]/g, ' '))

test('every line is read once, wherever the splits cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 200 }),
      fc.boolean(),
      async (lines, splitBytes, ended) => {
        // Lone surrogates have no form in UTF-8, and a mark at the start is taken off.
        const sane = lines.map((l) => l.replaceAll(/[\ufeff\ud800-\udfff]/gu, ''))
        const expected = ended ? sane : [...sane, 'end']
        const path = file(sane.join('\n') + (ended ? '\n' : '\nend'))
        expect(await checkSource(text(path, { splitBytes }))).toEqual(expected)
      },
    ),
    { numRuns: 150 },
  )
})

test('files larger than the buffers are read completely, in any split size', async () => {
  const records = Array.from({ length: 20_000 }, (_, i) => ({ i, text: 'ä€😀'.repeat(i % 17) }))
  const path = file(`${records.map((record) => JSON.stringify(record)).join('\n')}\n`)
  for (const splitBytes of ['4 mb', '100 kb', 65_536] as const) {
    const found = await checkSource(fromJsonLines(path, { splitBytes }), { reopensPerSplitMax: 4 })
    expect(found).toEqual(records)
  }
})

test('blocks are cut by what the lines are, not by where reading began', async () => {
  const lines = Array.from({ length: 9_000 }, (_, i) => `${i} ${'x'.repeat(i % 150)}`)
  const path = file(`${lines.join('\n')}\n`)
  // The buffer of the first split ends where the split does, in the middle of a line.
  for (const splitBytes of ['256 kb', '192 kb', 262_143, 262_145] as const) {
    expect(await checkSource(text(path, { splitBytes }))).toEqual(lines)
  }
})

test('lines that are too long are told in the same way, wherever reading began', async () => {
  const sizes = [400_000, 70_000, 300_000, 10, 500_000, 150_000, 90_000, 260_000, 600_000]
  const lines = sizes.map((size) => JSON.stringify('x'.repeat(size)))
  for (const maxLineBytes of [80_000, 200_000, 280_000, 450_000]) {
    const fits = lines.filter((line) => line.length <= maxLineBytes)
    const path = file(`${lines.join('\n')}\n`)
    const found = await checkSource(fromJsonLines(path, { maxLineBytes, splitBytes: '1 mb' }))
    expect(found.map((record) => JSON.stringify(record))).toEqual(fits)
  }
})

test('a line larger than the buffer is a record like any other', async () => {
  const long = 'é'.repeat(400_000)
  const path = file(`a\n${long}\nb\n`)
  expect(await checkSource(text(path))).toEqual(['a', long, 'b'])
  expect(await checkSource(text(path, { splitBytes: '64 kb' }))).toEqual(['a', long, 'b'])
})

test.each([100, 300_000])(
  'a line of more than %i bytes is unreadable, and the next is read',
  async (max) => {
    const path = file(`"a"\n"${'x'.repeat(max)}"\n"b"\n`)
    const source = fromJsonLines(path, { maxLineBytes: max })
    expect(await checkSource(source)).toEqual(['a', 'b'])
    expect(await unreadableOf(source)).toMatchObject([
      { place: `${path}:2`, reason: `the line is longer than ${max} bytes (maxLineBytes)` },
    ])
  },
)

test('a broken line is named by its number, in whichever split it lies', async () => {
  const lines = Array.from({ length: 500 }, (_, i) => (i % 100 === 77 ? '{"a":' : `{"i":${i}}`))
  lines[3] = ''
  const path = file(lines.join('\r\n'))
  const places = [78, 178, 278, 378, 478].map((number) => `${path}:${number}`)
  for (const splitBytes of [10, 1000, 1_000_000]) {
    const source = fromJsonLines(path, { splitBytes })
    const unreadable = await unreadableOf(source)
    expect(unreadable.map((record) => record.place)).toEqual(places)
    expect(unreadable[0]).toMatchObject({ text: '{"a":', reason: expect.stringMatching(/JSON/) })
    expect(await checkSource(source, { reopensPerSplitMax: 2 })).toHaveLength(494)
  }
})

test('an unreadable record stands before the record that follows it', async () => {
  const path = file('1\nx\n2\n3\ny\n')
  const before = (await unreadableOf(fromJsonLines(path))).map((record) => record.before)
  expect(before).toEqual([1, 3])
})

test('what becomes of a broken line is an option', () => {
  const side = fromJsonLines('x', { onUnreadable: { sideOutput: { name: 'broken' } } })
  expect(side).toMatchObject({ onUnreadable: 'side-output', unreadableTo: 'broken' })
  expect(fromJsonLines('x')).toMatchObject({ onUnreadable: 'fail' })
  expect(fromJsonLines('x', { onUnreadable: 'skip' })).toMatchObject({ onUnreadable: 'skip' })
  const wrong = { onUnreadable: 'ignore' } as never
  expect(() => fromJsonLines('x', wrong)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
})

test('a size that is none is refused with an example', () => {
  expect(() => text('x', { splitBytes: '4 apples' as never })).toThrow(
    expect.objectContaining({ code: 'BAD_UNIT' }),
  )
  expect(() => text('x', { splitBytes: 0 })).toThrow(
    expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining('splitBytes') }),
  )
})

test('a path with a "__proto__" field in its lines gives a plain field', async () => {
  const [record] = await checkSource(fromJsonLines<object>(file('{"__proto__":{"x":1}}\n')))
  expect(Object.getPrototypeOf(record)).toBe(Object.prototype)
})

test('all splits together have read every byte of the file once', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} \u00e9`)
  const content = lines.join('\n')
  const source = text(file(content), { splitBytes: 50_000 })
  const splits = await source.enumerator({ parallelism: 2 }).discover()
  expect(splits.length).toBeGreaterThan(2)
  const clock = new ManualClock()
  const reader = source.reader({ subtask: 0, parallelism: 1, clock, wake: () => {} })
  expect(reader.bytesRead).toBe(0)
  for (const split of splits) {
    await reader.open(split, undefined)
    while ((await reader.next()) !== undefined);
  }
  await reader.close()
  expect(reader.bytesRead).toBe(Buffer.byteLength(content))
})
