import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteReader, ByteWriter } from '../../src/codec/byte-stream.ts'
import { anyNumber, anyString } from './arbitraries.ts'

const ascii = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 100 }),
  fc.constantFrom('', 'x'.repeat(39), 'x'.repeat(40), 'y'.repeat(5000)),
)

const step = fc.oneof(
  fc.record({ kind: fc.constant('byte' as const), value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant('varint' as const), value: fc.nat(0xffffffff) }),
  fc.record({ kind: fc.constant('float64' as const), value: anyNumber }),
  fc.record({ kind: fc.constant('ascii' as const), value: ascii }),
  fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'grapheme' }) }),
  fc.record({ kind: fc.constant('sized' as const), value: fc.uint8Array({ maxLength: 100 }) }),
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

function write(out: ByteWriter, { kind, value }: Step): void {
  switch (kind) {
    case 'ascii':
      expect(out.ascii(value)).toBe(true)
      break
    case 'text':
      out.text(value)
      break
    case 'sized':
      out.sized(value, 0, value.length)
      break
    default:
      out[kind](value)
  }
}

function read(from: ByteReader, { kind }: Step): unknown {
  if (kind !== 'sized') return from[kind]()
  const begin = from.sized()
  return from.bytes.slice(begin, from.at)
}

test('what is written one after the other is read the same way', () => {
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const out = new ByteWriter()
      for (const s of steps) write(out, s)
      const from = new ByteReader(out.take())
      for (const s of steps) expect(read(from, s)).toEqual(s.value)
      expect(from.isAtEnd).toBe(true)
      expect(out.length).toBe(0)
    }),
  )
})

test('text that is not ASCII is refused, and leaves nothing behind', () => {
  const out = new ByteWriter()
  out.byte(7)
  fc.assert(
    fc.property(anyString, fc.nat(60), (text, padding) => {
      const padded = text + 'x'.repeat(padding)
      const isAscii = [...padded].every((char) => char < '\u0080')
      expect(out.ascii(padded)).toBe(isAscii)
      if (!isAscii) expect(out.length).toBe(1)
      out.length = 1
    }),
  )
})

test('bytes that end in the middle of a value are damaged', () => {
  const out = new ByteWriter()
  out.ascii('abc')
  out.float64(1)
  const bytes = out.take()
  for (let length = 0; length < bytes.length; length++) {
    const from = new ByteReader(bytes.subarray(0, length))
    const damaged = expect.objectContaining({ code: 'CHECKPOINT_DAMAGED' })
    expect(() => [from.ascii(), from.float64()]).toThrow(damaged)
  }
})
