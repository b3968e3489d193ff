import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PairTable } from '../../src/state/pair-table.ts'

const first = fc.integer({ min: 0, max: 5 })
const second = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -20, max: 20 }).map((day) => day * 86_400_000),
  fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1, 0.2, 2 ** 52),
)
const step = fc.tuple(fc.constantFrom('add', 'add', 'remove', 'find'), first, second)

const inSteps = { stepwiseLog2Min: 0, movedAnAddition: 1 }

test.each([
  ['grows at once', {}],
  ['grows in steps', inSteps],
])('a pair table that %s does what a Map does', (_, options) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const table = new PairTable(options)
      const model = new Map<string, number>()
      for (const [op, a, b] of steps) {
        const name = `${a} ${b === 0 ? 0 : b}`
        const known = model.get(name)
        if (op === 'add') {
          const slot = table.findOrAdd(a, b)
          expect(table.wasAdded).toBe(known === undefined)
          expect(slot).toBe(known ?? slot)
          expect([...model.values()].filter((other) => other === slot).length).toBe(
            known === undefined ? 0 : 1,
          )
          model.set(name, slot)
        } else {
          expect(table.find(a, b)).toBe(known ?? -1)
          if (op === 'remove' && known !== undefined) {
            table.remove(known)
            model.delete(name)
          }
        }
      }
      expect(table.size).toBe(model.size)
      for (const [name, slot] of model) {
        expect(
          `${table.firstOf(slot)} ${table.secondOf(slot) === 0 ? 0 : table.secondOf(slot)}`,
        ).toBe(name)
        expect(table.isUsed(slot)).toBe(true)
      }
    }),
    { numRuns: 100 },
  )
})

test('a hundred thousand windows of keys are all found', () => {
  const table = new PairTable()
  for (let i = 0; i < 100_000; i++) table.findOrAdd(i % 1000, Math.floor(i / 1000) * 3_600_000)
  expect(table.size).toBe(100_000)
  let lost = 0
  for (let i = 0; i < 100_000; i++) {
    if (table.find(i % 1000, Math.floor(i / 1000) * 3_600_000) !== i) lost++
  }
  expect(lost).toBe(0)
})

test('nothing is left to walk over once all is removed', () => {
  const table = new PairTable()
  const slots = Array.from({ length: 300 }, (_, i) => table.findOrAdd(i, 7))
  expect(table.slotEnd).toBe(300)
  for (const slot of slots) table.remove(slot)
  expect(table.slotEnd).toBe(0)
  const again = table.findOrAdd(5, 7)
  expect(table.isUsed(again)).toBe(true)
  expect(again).toBeLessThan(table.slotEnd)
})
