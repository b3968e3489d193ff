import { expect, test } from 'vitest'
import { MARK_WATERMARK } from '../../src/codec/page.ts'
import type { Operator } from '../../src/operator/contract.ts'
import type { OperatorSpec } from '../../src/operator/spec.ts'
import { ControlQueue } from '../../src/task/control-queue.ts'
import { chainOf, FakeWriter } from './fakes.ts'

const spec: OperatorSpec = { kind: 'process', process: { state: {}, process: () => {} } }
const mark = (timeMs: number) => `mark ${MARK_WATERMARK} ${timeMs}`

function operator(onWatermark: (timeMs: number) => boolean, ownsWatermarks = false): Operator {
  return { open: () => {}, process: () => {}, onWatermark, ownsWatermarks }
}

test('a watermark reaches each operator before what is behind it', () => {
  const seen: string[] = []
  const writer = new FakeWriter()
  const note = (name: string) => operator((timeMs) => seen.push(`${name} ${timeMs}`) > 0)
  const head = chainOf({
    spec,
    operator: note('head'),
    children: [
      { spec, operator: note('left') },
      { spec, operator: note('right'), exits: [{ writer }] },
    ],
  })
  const queue = new ControlQueue(3, () => false)
  queue.watermarkAt(head, 5)
  expect(queue.advance()).toBe(true)
  expect(seen).toEqual(['head 5', 'left 5', 'right 5'])
  expect(writer.written).toEqual([mark(5)])
  expect(queue.watermarkOf(head.children[1]!.node)).toBe(5)
})

test('an operator with more to do is asked again before the watermark goes on', () => {
  let left = 3
  const writer = new FakeWriter()
  const head = chainOf({ spec, operator: operator(() => --left === 0), exits: [{ writer }] })
  const queue = new ControlQueue(1, () => false)
  queue.watermarkAt(head, 7)
  expect(queue.advance()).toBe(false)
  expect(queue.advance()).toBe(false)
  expect(writer.written).toEqual([])
  expect(queue.advance()).toBe(true)
  expect(writer.written).toEqual([mark(7)])
})

test('without credit the queue stops between two operators and goes on there', () => {
  const seen: string[] = []
  let stalled = false
  const head = chainOf({
    spec,
    operator: operator(() => {
      seen.push('head')
      stalled = true
      return true
    }),
    children: [{ spec, operator: operator(() => seen.push('child') > 0) }],
  })
  const queue = new ControlQueue(2, () => stalled)
  queue.watermarkAt(head, 1)
  expect(queue.advance()).toBe(false)
  expect(seen).toEqual(['head'])
  stalled = false
  expect(queue.advance()).toBe(true)
  expect(seen).toEqual(['head', 'child'])
})

test('an operator that owns its watermarks stops those of others and sends its own', () => {
  const writer = new FakeWriter()
  const seen: number[] = []
  const head = chainOf({
    spec,
    operator: operator(() => true, true),
    exits: [{ writer }],
    children: [{ spec, operator: operator((timeMs) => seen.push(timeMs) > 0) }],
  })
  const queue = new ControlQueue(2, () => false)
  queue.watermarkAt(head, 100)
  queue.advance()
  expect(seen).toEqual([])
  queue.watermarkFrom(head, 42)
  queue.advance()
  expect(seen).toEqual([42])
  expect(writer.written).toEqual([mark(42)])
})
