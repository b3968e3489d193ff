/** Keys that were looked up ahead give the same state as keys that were not. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CodedTexts } from '../../src/codec/coded-texts.ts'
import { KEY_BATCH_MAX, KeyBatch } from '../../src/codec/key-batch.ts'
import { KEY_WORDS } from '../../src/codec/short-key.ts'
import { openRange, Taken } from './snapshot-support.ts'

const long = 'a key that is longer than what lies in a record of the table'
const keys = [...Array.from({ length: 12 }, (_, i) => `key ${i}`), long, 0, 1, -2.5, 2 ** 40]

function batchOf(chosen: readonly unknown[]): KeyBatch {
  const batch = new KeyBatch()
  batch.count = chosen.length
  chosen.forEach((key, k) => {
    if (typeof key === 'number') return batch.putNumber(k, key)
    const text = textBatch(String(key))
    batch.words.set(text.words.subarray(0, KEY_WORDS), k * KEY_WORDS)
    batch.lengths[k] = text.lengths[0]!
    batch.hashes[k] = text.hashes[0]!
  })
  return batch
}

/** Of one text, as it could lie in a page: its end in the first word, and the text from byte 7. */
function textBatch(text: string): KeyBatch {
  const bytes = new Uint8Array(128)
  bytes.set(Buffer.from(text), 7)
  const words = new Int32Array(bytes.buffer)
  words[0] = text.length
  const batch = new KeyBatch()
  batch.putTexts(words, { count: 1, heapAt: 7, firstStart: 0, ends: 0, starts: 0, stride: 0 })
  return batch
}

/** As a channel's producer may have numbered them: all but one of the keys that are texts. */
function textsOf(): CodedTexts {
  const texts = new CodedTexts()
  texts.add(keys.filter((key) => typeof key === 'string').slice(1))
  return texts
}

function codedBatchOf(texts: CodedTexts, chosen: readonly unknown[]): KeyBatch {
  const batch = new KeyBatch()
  batch.count = chosen.length
  batch.texts = texts
  chosen.forEach((key, k) => {
    batch.codes[k] = texts.list.indexOf(key as string)
  })
  return batch
}

const step = fc.record({
  key: fc.constantFrom(...keys),
  action: fc.constantFrom('add', 'clear', 'look', 'none'),
})
const batches = fc.array(fc.array(step, { minLength: 1, maxLength: KEY_BATCH_MAX }), {
  maxLength: 8,
})

test.each([
  [25420, 84221],
  [67613, 100049],
  ['k124074', 125579],
])('%j and %j have one hash, and a state each', (...pair) => {
  const state = openRange()
  const value = state.value<number>({ name: 'v', kind: 'value', initial: 0 })
  const batch = batchOf(pair)
  expect(batch.hashes[0]).toBe(batch.hashes[1])
  const look = () => {
    state.lookAhead(batch)
    return pair.map((key, k) => {
      state.expectKey(k)
      if (!state.setExpectedKey()) state.setKey(key)
      const held = value.get()
      value.set(held + 10 ** k)
      return held
    })
  }
  expect([look(), look(), look()]).toEqual([
    [0, 0],
    [1, 10],
    [2, 20],
  ])
})

test('whatever is done to the keys of a batch, each finds its own state', () => {
  fc.assert(
    fc.property(batches, fc.boolean(), fc.boolean(), fc.boolean(), (all, ...how) => {
      const [isRestored, asks, isCoded] = how
      let texts = textsOf()
      let state = openRange()
      let value = state.value<number>({ name: 'v', kind: 'value', initial: 0 })
      const model = new Map<unknown, number>()
      all.forEach((steps, b) => {
        if (isRestored && b === 3) {
          const taken = new Taken(state).finish()
          state = openRange()
          value = state.value<number>({ name: 'v', kind: 'value', initial: 0 })
          taken.restoreInto(state)
          texts = textsOf()
        }
        const chosen = steps.map(({ key }) => key)
        state.lookAhead(isCoded ? codedBatchOf(texts, chosen) : batchOf(chosen))
        steps.forEach(({ key, action }, k) => {
          state.expectKey(k)
          // The operator may drop the record before it sets the key.
          if (action === 'none') return
          if (!asks || !state.setExpectedKey()) state.setKey(key)
          expect(state.key).toBe(key)
          expect(value.get()).toBe(model.get(key) ?? 0)
          if (action === 'add') {
            value.set(value.get() + 1)
            model.set(key, value.get())
          }
          if (action === 'clear') {
            value.clear()
            model.delete(key)
          }
        })
        state.expectKey(-1)
        for (const key of keys) {
          state.setKey(key)
          expect(value.get()).toBe(model.get(key) ?? 0)
        }
      })
      expect(state.countKeys()).toBe(model.size)
    }),
    { numRuns: 300 },
  )
})
