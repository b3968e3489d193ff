import { expect, test } from 'vitest'
import { collection } from '../../../src/connector/generator/collection.ts'
import { checkSource } from '../../../src/testing/source-conformance.ts'

test('the records of an array come in order, in one split', async () => {
  const records = Array.from({ length: 3000 }, (_, i) => ({ i }))
  expect(await checkSource(collection(records))).toEqual(records)
})

test('who receives a record may change it', async () => {
  const records = [{ tags: ['a'] }]
  const [record] = await checkSource(collection(records))
  record!.tags.push('b')
  expect(records).toEqual([{ tags: ['a'] }])
})

test('an empty array is a source that ends at once', async () => {
  expect(await checkSource(collection([]))).toEqual([])
})
