import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PartWriter } from '../../src/state/heap/part-writer.ts'

const PARTS = 5
const LONG = 9_000

/** An entry is written in pieces, so that it runs out of room in its middle. */
const entries = fc.array(
  fc.record({
    part: fc.nat(PARTS - 1),
    pieces: fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat(40) }, fc.nat(LONG)), {
      minLength: 1,
      maxLength: 4,
    }),
    isForgotten: fc.boolean(),
  }),
  { maxLength: 300 },
)

function pieceOf(seed: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => seed + 31 * i)
}

function copied(writer: PartWriter, part: number, bytes: number): Uint8Array {
  const to = new Uint8Array(bytes + 1)
  expect(writer.copy(part, to, 1)).toBe(bytes + 1)
  return to.subarray(1)
}

test('each part has the entries that were written for it, in their order', () => {
  const writer = new PartWriter()
  fc.assert(
    fc.property(fc.array(entries, { minLength: 1, maxLength: 3 }), (chunks) => {
      writer.open(PARTS)
      for (const chunk of chunks) {
        const model = Array.from({ length: PARTS }, () => ({ bytes: [] as number[], entries: 0 }))
        for (const [seed, { part, pieces, isForgotten }] of chunk.entries()) {
          const written = pieces.flatMap((size, i) => [...pieceOf(seed + i, size)])
          writer.begin(part)
          pieces.forEach((size, i) => writer.raw(pieceOf(seed + i, size), 0, size))
          if (isForgotten) continue
          expect(writer.end()).toBe(written.length)
          model[part]!.entries++
          for (const byte of written) model[part]!.bytes.push(byte)
        }
        for (const [part, { bytes, entries }] of model.entries()) {
          expect(writer.entriesOf(part)).toBe(entries)
          expect(Buffer.from(copied(writer, part, bytes.length)).equals(Buffer.from(bytes))).toBe(
            true,
          )
        }
        writer.clear()
      }
    }),
    { numRuns: 200 },
  )
})

test('texts that are no ASCII after all leave nothing behind, wherever they stand', () => {
  const writer = new PartWriter()
  writer.open(2)
  const texts = Array.from({ length: 400 }, (_, i) => 'x'.repeat(i % 90) + (i % 3 === 0 ? 'ö' : ''))
  const expected: number[] = []
  for (const [i, text] of texts.entries()) {
    writer.begin(i % 2)
    writer.byte(7)
    const isAscii = writer.ascii(text)
    expect(isAscii).toBe(i % 3 !== 0)
    writer.end()
    if (i % 2 === 0) expected.push(7, ...(isAscii ? [text.length, ...Buffer.from(text)] : []))
  }
  expect([...copied(writer, 0, expected.length)]).toEqual(expected)
})

test('memory is kept from one chunk to the next', () => {
  const writer = new PartWriter()
  writer.open(3)
  const write = () => {
    for (let i = 0; i < 10_000; i++) {
      writer.begin(i % 3)
      writer.float64(i)
      writer.end()
    }
    writer.clear()
    return writer.bytes.buffer
  }
  const first = write()
  expect(write()).toBe(first)
})
