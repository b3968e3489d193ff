import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteTable } from '../../src/state/byte-table.ts'

/** Few distinct keys and hashes, so that runs meet collisions, reuse and long keys. */
const key = fc.record({
  prefix: fc.integer({ min: 0, max: 2 }),
  text: fc.oneof(fc.string({ maxLength: 4 }), fc.string({ minLength: 18, maxLength: 60 })),
})
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constant('add' as const), key }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('remove' as const), key }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('find' as const), key }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('reserve' as const), key }) },
)

type Key = { prefix: number; text: string }

function lookup(table: ByteTable, key: Key, add: boolean, hashBits: number): number {
  const bytes = Buffer.from(`..${key.text}..`)
  const hash = hashOf(key, hashBits)
  const to = bytes.length - 2
  return add
    ? table.findOrAdd(key.prefix, bytes, 2, to, hash)
    : table.find(key.prefix, bytes, 2, to, hash)
}

function holds(table: ByteTable, slot: number, key: Key): boolean {
  const bytes = Buffer.from(key.text)
  return table.holds(slot, key.prefix, bytes, 0, bytes.length)
}

function hashOf(key: Key, bits: number): number {
  // With few bits, equal texts of different prefixes must meet in one bucket.
  let hash = bits === 0 ? key.prefix : 0
  for (const unit of Buffer.from(key.text)) hash = Math.imul(hash ^ unit, 0x01000193)
  return bits === 0 ? hash : hash & ((1 << bits) - 1)
}

function textOf(table: ByteTable, slot: number): string {
  const bytes = table.keyBytes(slot).subarray(table.keyFrom(slot), table.keyTo(slot))
  return Buffer.from(bytes).toString()
}

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

function compare(table: ByteTable, steps: readonly Step[], bits: number) {
  const model = new Map<string, { slot: number; key: Key }>()
  for (const { op, key } of steps) {
    const name = JSON.stringify(key)
    const known = model.get(name)
    if (op === 'add') {
      const slot = lookup(table, key, true, bits)
      expect(table.wasAdded).toBe(known === undefined)
      if (known !== undefined) expect(slot).toBe(known.slot)
      const others = [...model.values()].filter((other) => other !== known)
      expect(others.some((other) => other.slot === slot)).toBe(false)
      model.set(name, { slot, key })
    } else if (op === 'reserve') {
      const count = 10 * key.text.length
      table.reserve(count)
      expect(table.capacity).toBeGreaterThanOrEqual(count)
    } else {
      expect(holds(table, table.slotEnd - 1, key)).toBe(known?.slot === table.slotEnd - 1)
      expect(lookup(table, key, false, bits)).toBe(known?.slot ?? -1)
      if (op === 'remove' && known !== undefined) {
        table.remove(known.slot)
        expect(table.isUsed(known.slot)).toBe(false)
        model.delete(name)
      }
    }
  }
  expect(table.size).toBe(model.size)
  for (const { slot, key } of model.values()) {
    expect(lookup(table, key, false, bits)).toBe(slot)
    expect([table.prefixOf(slot), textOf(table, slot)]).toEqual([key.prefix, key.text])
    expect(slot).toBeLessThan(table.slotEnd)
  }
}

const inSteps = { stepwiseLog2Min: 0, movedAnAddition: 1 }

test.each([
  ['grows at once', {}],
  ['grows in steps', inSteps],
])('a byte table that %s does what a Map does', (_, options) => {
  const steps = fc.array(step, { maxLength: 300, size: 'max' })
  fc.assert(
    fc.property(steps, (steps) => compare(new ByteTable(options), steps, 0)),
    { numRuns: 100 },
  )
})

test.each([
  ['grows at once', {}],
  ['grows in steps', inSteps],
])('so does one that %s where nearly all hashes are equal', (_, options) => {
  const steps = fc.array(step, { maxLength: 200, size: 'max' })
  fc.assert(
    fc.property(steps, (steps) => compare(new ByteTable(options), steps, 2)),
    { numRuns: 50 },
  )
})

/** Of 64 homes, those of these hashes are the first, the last, and where the two halves meet. */
const EDGES = [0, 0x7c000000, 0x80000000, 0xfc000000, 0xffffffff]
/** The multiplicative inverse of what the table spreads hashes by. */
const SPREAD_INVERSE = 0x0e8b2f51

test.each([
  ['at once', {}],
  ['in steps', inSteps],
])('keys of the first and the last homes are found through growth %s', (_, options) => {
  const table = new ByteTable(options)
  const slots = new Map<number, number>()
  const bytes = Buffer.alloc(4)
  const find = (i: number, add: boolean) => {
    bytes.writeInt32LE(i)
    const hash = Math.imul(EDGES[i % EDGES.length]!, SPREAD_INVERSE)
    return add ? table.findOrAdd(0, bytes, 0, 4, hash) : table.find(0, bytes, 0, 4, hash)
  }
  for (let i = 0; i < 400; i++) {
    slots.set(i, find(i, true))
    const old = 7 * (i % 50)
    if (i % 3 === 0 && slots.has(old)) {
      table.remove(slots.get(old)!)
      slots.delete(old)
    }
    const lost = [...slots].filter(([key, slot]) => find(key, false) !== slot)
    expect(lost, `after ${i}`).toEqual([])
    expect(find(1000, false)).toBe(-1)
  }
  expect(table.size).toBe(slots.size)
})

test.each([
  ['at once', {}],
  ['in steps', inSteps],
])('slots stay dense, and are found again, through growth %s and churn', (_, options) => {
  const table = new ByteTable(options)
  const slots = new Map<string, number>()
  for (let i = 0; i < 50_000; i++) {
    const text = i % 3 === 0 ? `key ${i}` : `a key that is too long for its record ${i}`
    slots.set(text, lookup(table, { prefix: 0, text }, true, 0))
    const old =
      i % 2 === 0 ? `key ${i - 3000}` : `a key that is too long for its record ${i - 3000}`
    const gone = slots.get(old)
    if (gone === undefined) continue
    table.remove(gone)
    slots.delete(old)
  }
  expect(table.size).toBe(slots.size)
  expect(table.slotEnd).toBeLessThan(slots.size + 3100)
  const lost = [...slots].filter(
    ([text, slot]) =>
      lookup(table, { prefix: 0, text }, false, 0) !== slot || textOf(table, slot) !== text,
  )
  expect(lost).toEqual([])
})

test('keys whose hashes agree in the low bits do not share a run of buckets', () => {
  const table = new ByteTable()
  const bytes = Buffer.alloc(4)
  for (let i = 0; i < 20_000; i++) {
    bytes.writeInt32LE(i)
    // As in a subtask with one key group of 128.
    table.findOrAdd(0, bytes, 0, 4, Math.imul(i, 0x27d4eb2f) << 7)
  }
  expect(table.size).toBe(20_000)
})

test('removing a slot that is not in use is refused', () => {
  expect(() => new ByteTable().remove(0)).toThrow()
})

test('nothing is left to walk over once all is removed', () => {
  const table = new ByteTable()
  const texts = Array.from({ length: 300 }, (_, i) => `key ${i}`)
  const slots = texts.map((text) => lookup(table, { prefix: 0, text }, true, 0))
  expect(table.slotEnd).toBe(300)
  for (const slot of slots) table.remove(slot)
  expect(table.slotEnd).toBe(0)
  const again = lookup(table, { prefix: 0, text: 'key 7' }, true, 0)
  expect(table.isUsed(again)).toBe(true)
  expect(again).toBeLessThan(table.slotEnd)
})
