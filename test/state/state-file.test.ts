import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StateChunk, StatePart } from '../../src/state/snapshot-contract.ts'
import { packStateFile } from '../../src/state/state-file.ts'
import {
  blobStateFile,
  inlineStateFile,
  openStateFile,
  type PartsWanted,
  type StateFileReader,
  type StateFileSource,
} from '../../src/state/state-file-reader.ts'
import { checksumOf } from '../../src/storage/checksum.ts'
import { createStore } from '../../src/storage/create-store.ts'

const ALL: PartsWanted = { from: 0, to: 1 << 16 }
const section = (operatorId: string, name: string) =>
  ({ operatorId, name, kind: 'value', detail: '' }) as const

const small: StateChunk = {
  sections: [section('aaaa', 'count'), { ...section('bbbb', 'windows'), detail: 'number,value' }],
  parts: [
    { section: 1, keyGroup: 3, entries: 1, bytes: new Uint8Array([9, 8]) },
    { section: 0, keyGroup: 7, entries: 2, bytes: new Uint8Array(40).fill(5) },
    { section: 0, keyGroup: 2, entries: 0, bytes: new Uint8Array(0) },
  ],
}

test.each([false, true])('parts come back by section and key group (compressed: %s)', async (c) => {
  const bytes = packed(small, c)
  const reader = await openStateFile(inlineStateFile(bytes, 'f'))
  expect(reader.sections).toEqual(small.sections)
  expect(await partsOf(bytes)).toEqual([small.parts[2], small.parts[1], small.parts[0]])
})

test('a part comes as a plain Uint8Array even where it was compressed', async () => {
  for (const part of await partsOf(packed(small, true))) {
    expect(part.bytes.constructor).toBe(Uint8Array)
  }
})

test('compression makes files smaller, and is not kept where it would not', () => {
  expect(packed(small, true).length).toBeLessThan(packed(small, false).length)
  const noise = Uint8Array.from({ length: 20 }, (_, i) => (i * 97) & 0xff)
  const chunk = { ...small, parts: [{ section: 0, keyGroup: 0, entries: 1, bytes: noise }] }
  expect(packed(chunk, true)).toEqual(packed(chunk, false))
})

test.each([
  ['memory of its own', (bytes: number[]) => Uint8Array.from(bytes)],
  ['shared memory', (bytes: number[]) => sharedOf(bytes)],
])('in-flight data in %s is compressed by itself', async (_, bytesOf) => {
  const page = bytesOf(new Array(1_000).fill(7))
  const chunk: StateChunk = {
    sections: [{ ...section('aaaa', '0/1'), kind: 'channel' }],
    parts: [{ section: 0, keyGroup: 1, entries: 10, bytes: page }],
  }
  const plain = joined(packStateFile(chunk, { compress: true }))
  const smaller = joined(packStateFile(chunk, { compress: false, compressInFlight: true }))
  expect(plain.length).toBeGreaterThan(1_000)
  expect(smaller.length).toBeLessThan(300)
  for (const file of [plain, smaller]) {
    const [part] = await partsOf(file)
    expect(part!.bytes.constructor).toBe(Uint8Array)
    expect([...part!.bytes]).toEqual([...page])
  }
})

function sharedOf(bytes: number[]): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 8), 8, bytes.length)
  shared.set(bytes)
  return shared
}

test('only the key groups and operators that are asked for are given', async () => {
  const bytes = packed(small, false)
  expect(await partsOf(bytes, { from: 3, to: 7 })).toEqual([small.parts[0]])
  expect(await partsOf(bytes, { ...ALL, operatorIds: ['aaaa'] })).toHaveLength(2)
  expect(await partsOf(bytes, { ...ALL, operatorIds: [] })).toEqual([])
})

test('the entries of each section are known before any block is read', async () => {
  const reader = await openStateFile(inlineStateFile(packed(small, false), 'f'))
  expect(reader.entries(ALL)).toEqual([2, 1])
  expect(reader.entries({ ...ALL, operatorIds: ['aaaa'] })).toEqual([2, 0])
  expect(reader.entries({ from: 3, to: 4 })).toEqual([0, 1])
})

test('a chunk without parts is a file, too', async () => {
  expect(await partsOf(packed({ sections: [], parts: [] }, false))).toEqual([])
})

test.each([false, true])('every flipped bit in the file is found (compressed: %s)', async (c) => {
  const good = packed(small, c)
  for (let at = 0; at < good.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const bad = good.slice()
      bad[at]! ^= 1 << bit
      await expect(partsOf(bad), `byte ${at}, bit ${bit}`).rejects.toMatchObject({
        code: 'CHECKPOINT_DAMAGED',
        place: 'chk-1/file',
        message: expect.stringContaining('chk-1/file is damaged: it '),
      })
    }
  }
})

test('every truncation and every extension of the file is found', async () => {
  const good = packed(small, false)
  const cut = good.map((_, length) => length)
  for (const length of cut) {
    await expect(partsOf(good.slice(0, length)), `${length} bytes`).rejects.toMatchObject({
      code: 'CHECKPOINT_DAMAGED',
    })
  }
  const longer = new Uint8Array([...good, 0])
  await expect(partsOf(longer)).rejects.toMatchObject({ code: 'CHECKPOINT_DAMAGED' })
})

test('a file of a later format is not called damaged', async () => {
  const bytes = packed(small, false)
  const view = new DataView(bytes.buffer)
  view.setUint32(8, 2, true)
  view.setUint32(12, checksumOf([bytes.subarray(0, 12)]), true)
  await expect(partsOf(bytes)).rejects.toMatchObject({
    code: 'CHECKPOINT_VERSION',
    message: 'chk-1/file has format version 2; this build reads versions 1 to 1',
  })
})

test('a large file is read in few pieces, and only where it is needed', async () => {
  const { source, reads } = watched(packed(large(), false))
  const reader = await openStateFile(source)
  const parts = await partsIn(reader, { from: 10, to: 14 })
  expect(parts).toEqual(large().parts.slice(10, 14))
  expect(reads).toHaveLength(2)
  expect(reads[1]![1] - reads[1]![0]).toBeLessThan(4 * (SIZE + 100))
})

test('groups far apart are read each on its own, those near together at once', async () => {
  const bytes = packed({ ...large(), sections: [section('a', 'x'), section('b', 'y')] }, false)
  const twice: StateChunk = {
    sections: [section('a', 'x'), section('b', 'y')],
    parts: [...large().parts, ...large().parts.map((part) => ({ ...part, section: 1 }))],
  }
  const { source, reads } = watched(packed(twice, false))
  const reader = await openStateFile(source)
  expect(await partsIn(reader, { from: 4, to: 6 })).toHaveLength(4)
  expect(reads).toHaveLength(3)
  expect(source.bytes).toBeGreaterThan(bytes.length)
})

test('most of a file is read as a whole', async () => {
  const { source, reads } = watched(packed(large(), false))
  const reader = await openStateFile(source)
  expect(await partsIn(reader, { from: 0, to: 40 })).toHaveLength(40)
  expect(reads.at(-1)).toEqual([0, source.bytes])
})

test('a damaged block that is read alone is found, with its name', async () => {
  const bytes = packed(large(), false)
  bytes[16 + 10 * (28 + SIZE) + 500]! ^= 1
  const reader = await openStateFile(watched(bytes).source)
  await expect(partsIn(reader, { from: 10, to: 11 })).rejects.toMatchObject({
    code: 'CHECKPOINT_DAMAGED',
    message: expect.stringContaining("key group 10 of 'x' (operator a), that does not match"),
  })
  expect(await partsIn(reader, { from: 11, to: 12 })).toHaveLength(1)
})

test('a blob that is not the one of its handle is damaged, though it is a state file', async () => {
  const store = createStore({ kind: 'memory', blobs: new Map() })
  const parts = packStateFile(small, { compress: false })
  const other: StateChunk = { ...small, parts: small.parts.map((p) => ({ ...p, entries: 9 })) }
  await store.put('chk-1/a', packStateFile(other, { compress: false }))
  const blob = { name: 'chk-1/a', bytes: joined(parts).length, crc32: checksumOf(parts) }
  await expect(openStateFile(blobStateFile(store, blob))).rejects.toMatchObject({
    code: 'CHECKPOINT_DAMAGED',
  })
})

test('any chunk comes back, compressed or not', async () => {
  const chunks = fc.array(
    fc.record({
      section: fc.nat(2),
      keyGroup: fc.nat(20),
      entries: fc.nat(1000),
      bytes: fc.uint8Array({ maxLength: 300 }),
    }),
    { maxLength: 30 },
  )
  await fc.assert(
    fc.asyncProperty(chunks, fc.boolean(), fc.nat(20), async (parts, compress, from) => {
      const sections = ['a', 'b', 'c'].map((id) => section(id, `état ${id}`))
      const order = (a: StatePart, b: StatePart) => a.section - b.section || a.keyGroup - b.keyGroup
      const expected = parts.filter(({ keyGroup }) => keyGroup >= from).toSorted(order)
      const bytes = packed({ sections, parts }, compress)
      expect(await partsOf(bytes, { from, to: 99 })).toEqual(expected)
    }),
  )
})

const SIZE = 20_000

/** 40 key groups of one state. */
function large(): StateChunk {
  const parts = Array.from({ length: 40 }, (_, keyGroup) => {
    return { section: 0, keyGroup, entries: 3, bytes: new Uint8Array(SIZE).fill(keyGroup) }
  })
  return { sections: [section('a', 'x')], parts }
}

function packed(chunk: StateChunk, compress: boolean): Uint8Array {
  return joined(packStateFile(chunk, { compress, compressInFlight: compress }))
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

async function partsOf(bytes: Uint8Array, wanted = ALL): Promise<readonly StatePart[]> {
  const reader = await openStateFile(inlineStateFile(bytes, 'chk-1/file'))
  return partsIn(reader, wanted)
}

async function partsIn(reader: StateFileReader, wanted: PartsWanted): Promise<StatePart[]> {
  const all: StatePart[] = []
  for (const read of reader.reads(wanted)) all.push(...(await read.fetch()))
  return all
}

function watched(bytes: Uint8Array) {
  const reads: (readonly [number, number])[] = []
  const inner = inlineStateFile(bytes, 'f')
  const source: StateFileSource = {
    ...inner,
    read(from, to) {
      reads.push([from, to])
      return inner.read(from, to)
    },
    readAll() {
      reads.push([0, bytes.length])
      return inner.readAll()
    },
  }
  return { source, reads }
}
