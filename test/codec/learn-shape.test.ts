import fc from 'fast-check'
import { expect, test } from 'vitest'
import { learnShape, widenShape } from '../../src/codec/learn-shape.ts'
import type { Shape, ValueShape } from '../../src/codec/shape.ts'
import { shapeFromData, shapeToData } from '../../src/codec/shape.ts'
import { anyRecord, anyValue } from './arbitraries.ts'

/** A shape as text: `?` optional, `|null`, `|undefined`. */
function told({ root }: Shape): string {
  return tellValue(root)
}

function tellValue({ kind, nullable, undefinable, fields }: ValueShape): string {
  const inner = fields.map((f) => `${f.name}${f.optional ? '?' : ''}: ${tellValue(f.value)}`)
  const type = kind === 'object' ? `{${inner.join(', ')}}` : kind
  return `${type}${nullable ? '|null' : ''}${undefinable ? '|undefined' : ''}`
}

const learnt = (...records: readonly unknown[]) =>
  told(records.slice(1).reduce<Shape>(widenShape, learnShape(records[0])))

test('a shape is the narrowest that takes all records seen', () => {
  expect(learnt({ key: 'a', value: 1 })).toBe('{key: string, value: int32}')
  expect(learnt({ v: 1 }, { v: 0.5 }, { v: 1 })).toBe('{v: double}')
  expect(learnt({ v: -0 })).toBe('{v: double}')
  expect(learnt({ v: 2 ** 31 })).toBe('{v: double}')
  expect(learnt({ v: null }, { v: 'a' }, { v: undefined })).toBe('{v: string|null|undefined}')
  expect(learnt({ a: 1 }, { b: 'x' }, { a: 2 })).toBe('{a?: int32, b?: string}')
  expect(learnt({ v: 'a' }, { v: 1 }, { v: null })).toBe('{v: any}')
  expect(learnt({ at: { x: 1 } }, { at: null }, { at: { y: true } })).toBe(
    '{at: {x?: int32, y?: bool}|null}',
  )
  expect(learnt('a', 'b')).toBe('string')
  expect(learnt({ a: 1 }, 'b')).toBe('any')
  expect(learnt([1], [])).toBe('array')
  expect(learnt({ m: new Map(), d: new Date(), b: new Uint8Array(0), n: 1n })).toBe(
    '{m: any, d: date, b: bytes, n: bigint}',
  )
})

test('objects used as tables of names are not flattened without end', () => {
  const records = Array.from({ length: 200 }, (_, i) => ({ counts: { [`word${i}`]: i } }))
  expect(learnt(...records)).toBe('{counts: any}')
  const wide = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, i]))
  expect(learnt(wide)).toBe('any')
})

test('a cyclic record has a shape', () => {
  const cyclic: { self?: unknown; name: string } = { name: 'x' }
  cyclic.self = cyclic
  expect(learnt(cyclic)).toContain('self: any')
})

test('widening takes a record once, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(anyRecord, anyValue), { minLength: 1 }), (records) => {
      const shape = records.slice(1).reduce<Shape>(widenShape, learnShape(records[0]))
      for (const record of records) expect(widenShape(shape, record)).toBe(shape)
    }),
  )
})

test('a shape survives structured clone with its id, and its content makes the id', () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      const shape = learnShape(record)
      expect(shapeFromData(structuredClone(shapeToData(shape)))).toEqual(shape)
      expect(shape.id).toMatch(/^[0-9a-f]{16}$/)
      expect(Number.parseInt(shape.id.slice(0, 8), 16) | 0).toBe(shape.hi)
      expect(Number.parseInt(shape.id.slice(8), 16) | 0).toBe(shape.lo)
    }),
  )
  expect(learnShape({ a: 1, b: 'x' }).id).toBe(learnShape({ a: 7, b: 'y' }).id)
  expect(learnShape({ a: 1 }).id).not.toBe(learnShape({ b: 1 }).id)
  // Stored with pages of checkpoints: a change here means pages that nobody can read.
  expect(learnShape({ key: 'a', value: 1 }).id).toBe('c8aed8921334f9f2')
})
