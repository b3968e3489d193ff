import { expect, test } from 'vitest'
import { Codecs } from '../../src/codec/codecs.ts'
import { shapeToData } from '../../src/codec/shape.ts'

test('a shape that another thread announced is found by the halves of its id', () => {
  const [producer, consumer] = [new Codecs(), new Codecs()]
  const shape = producer.learn({ key: 'a' })
  expect(consumer.shape(shape.hi, shape.lo)).toBeUndefined()
  const added = consumer.add(structuredClone(shapeToData(shape)))
  expect(added).toEqual(shape)
  expect(consumer.shape(shape.hi, shape.lo)).toBe(added)
  expect(consumer.shape(shape.hi ^ 1, shape.lo)).toBeUndefined()
})

test('equal shapes are one shape, and each writer and reader is new but of one class', () => {
  const codecs = new Codecs()
  const shape = codecs.learn({ key: 'a' })
  expect(codecs.learn({ key: 'b' })).toBe(shape)
  expect(codecs.widen(shape, { key: 'c' })).toBe(shape)
  for (const withTime of [true, false]) {
    const [a, b] = [codecs.writer(shape, withTime), codecs.writer(shape, withTime)]
    expect(a).not.toBe(b)
    expect(a.constructor).toBe(b.constructor)
    expect(a.withTime).toBe(withTime)
    expect(codecs.reader(shape, withTime)).not.toBe(codecs.reader(shape, withTime))
  }
})
