/** Which state files travel inside the acknowledgement. */
import { expect, test } from 'vitest'
import type { SectionKind, StateChunk } from '../../src/state/snapshot-contract.ts'
import { inlineStateFile, openStateFile } from '../../src/state/state-file-reader.ts'
import { InlineFiles } from '../../src/task/inline-files.ts'

const BYTES_MAX = 1_000

function chunkOf(kind: SectionKind, bytes: Uint8Array): StateChunk {
  return {
    sections: [{ operatorId: 'aaaa', name: '0/1', kind, detail: '' }],
    parts: [{ section: 0, keyGroup: 1, entries: 1, bytes }],
  }
}

const same = (length: number) => new Uint8Array(new SharedArrayBuffer(length)).fill(7)

/** Nothing makes it shorter. */
function noise(length: number): Uint8Array {
  let x = 1
  return Uint8Array.from({ length }, () => (x = (x * 48_271) % 0x7fffffff) >> 8)
}

async function partsOf(bytes: Uint8Array) {
  const reader = await openStateFile(inlineStateFile(bytes, 'f'))
  const [read] = reader.reads({ from: 0, to: 1 << 16 })
  return [...(await read!.fetch())]
}

test('in-flight data counts as it is when compressed, and comes back', async () => {
  const chunk = chunkOf('channel', same(100_000))
  const file = new InlineFiles(BYTES_MAX).ofInFlight(chunk)
  expect(file).toMatchObject({ kind: 'inline' })
  const { bytes } = file as { bytes: Uint8Array }
  expect(bytes.length).toBeLessThan(BYTES_MAX)
  expect(bytes.buffer.byteLength).toBe(bytes.length)
  expect(await partsOf(bytes)).toEqual([
    { ...chunk.parts[0], bytes: new Uint8Array(same(100_000)) },
  ])
})

test('keyed state counts as it is', () => {
  const files = new InlineFiles(BYTES_MAX)
  expect(files.ofState(chunkOf('value', same(BYTES_MAX)))).toMatchObject({ kind: 'inline' })
  expect(files.ofState(chunkOf('value', same(BYTES_MAX + 1)))).toBeUndefined()
})

test('what would hold the task up is left to others', () => {
  const files = new InlineFiles(1 << 24)
  expect(files.ofInFlight(chunkOf('channel', same(1 << 20)))).toBeDefined()
  expect(files.ofInFlight(chunkOf('channel', same((1 << 20) + 1)))).toBeUndefined()
})

test('what stays long is not compressed each time, but is tried again', () => {
  const files = new InlineFiles(BYTES_MAX)
  const tried = (bytes: Uint8Array) => files.ofInFlight(chunkOf('channel', bytes)) !== undefined
  expect(tried(noise(10_000))).toBe(false)
  // It is expected to be as long as the last.
  expect(tried(same(10_000))).toBe(false)
  const needed = Array.from({ length: 100 }, () => tried(same(10_000))).indexOf(true)
  expect(needed).toBeGreaterThan(10)
  expect(needed).toBeLessThan(40)
  // What is short tells nothing of what is long.
  expect([tried(noise(500)), tried(same(10_000))]).toEqual([true, true])
})

test('what cannot be compressed here is left to others, who say why', () => {
  const files = new InlineFiles(BYTES_MAX, () => {
    throw new Error('no LZ4')
  })
  expect(files.ofInFlight(chunkOf('channel', same(100)))).toBeUndefined()
})
