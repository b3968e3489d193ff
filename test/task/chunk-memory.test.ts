import { expect, test } from 'vitest'
import type { ChunkSink, StateChunk } from '../../src/state/snapshot-contract.ts'
import { chunkMemories } from '../../src/state/state-file.ts'
import { ChunkMemory } from '../../src/task/chunk-memory.ts'
import { openRange } from '../state/snapshot-support.ts'

const shared = (bytes: Uint8Array) => bytes.buffer as SharedArrayBuffer

test('memory is shared, of the size that is asked for, and used again when it came back', () => {
  const memory = new ChunkMemory()
  const first = memory.take(1_000_000)
  const second = memory.take(10)
  expect([first.length, second.length]).toEqual([1_000_000, 10])
  expect(shared(first)).toBeInstanceOf(SharedArrayBuffer)
  expect(shared(second)).not.toBe(shared(first))
  memory.give([shared(second), shared(first)])
  expect(shared(memory.take(1_000_000))).toBe(shared(first))
  expect(shared(memory.take(20))).toBe(shared(second))
  expect(shared(memory.take(20))).not.toBe(shared(second))
})

test('no more is kept than can be on its way, and the largest are let go first', () => {
  const memory = new ChunkMemory()
  const bytes = 4 << 20
  const large = shared(memory.take(30 << 20))
  const taken = Array.from({ length: 9 }, () => shared(memory.take(bytes)))
  memory.give([large, ...taken])
  const again = Array.from({ length: 10 }, () => shared(memory.take(bytes)))
  expect(again.filter((one) => taken.includes(one))).toHaveLength(9)
  expect(again).not.toContain(large)
})

test('the parts of a chunk lie in memory that the sink gave', () => {
  const state = openRange()
  const value = state.value({ name: 'v', kind: 'value', initial: 0 })
  for (let key = 0; key < 20; key++) {
    state.setKey(key)
    value.set(key)
  }
  const memory = new ChunkMemory()
  const chunks: StateChunk[] = []
  const sink: ChunkSink = {
    chunk: (chunk) => void chunks.push(chunk),
    memory: (bytes) => memory.take(bytes),
  }
  const walk = state.snapshot('op', sink)
  while (!walk.isDone) walk.step(5)
  expect(chunks).toHaveLength(1)
  const [memoryOfAll, ...others] = chunkMemories(chunks[0]!)
  expect(others).toEqual([])
  memory.give([memoryOfAll!])
  expect(shared(memory.take(1))).toBe(memoryOfAll)
})
