import { expect, test } from 'vitest'
import { decodeMetadata, encodeMetadata } from '../../src/checkpoint/metadata.ts'
import { checksumOf } from '../../src/storage/checksum.ts'
import { sampleMetadata } from './sample.ts'

const inline = { kind: 'inline', bytes: new Uint8Array([1, 2, 3]) } as const

test('metadata come back as they were', () => {
  const metadata = sampleMetadata(5, [inline])
  expect(decodeMetadata(encodeMetadata(metadata), 'm')).toEqual(metadata)
})

test('bytes in them come back as plain Uint8Arrays', () => {
  const read = decodeMetadata(encodeMetadata(sampleMetadata(5, [inline])), 'm')
  const task = read.vertices[0]!.tasks[0]!
  expect(task.operators[0]!.lists[0]!.items[0]!.constructor).toBe(Uint8Array)
  expect((task.files[0] as typeof inline).bytes.constructor).toBe(Uint8Array)
})

test('every flipped bit is found', () => {
  const good = encodeMetadata(sampleMetadata(5))
  for (let at = 0; at < good.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const bad = good.slice()
      bad[at]! ^= 1 << bit
      expect(codeOf(bad), `byte ${at}, bit ${bit}`).toBe('CHECKPOINT_DAMAGED')
    }
  }
})

test('every truncation is found, and whatever follows', () => {
  const good = encodeMetadata(sampleMetadata(5))
  for (let length = 0; length < good.length; length++) {
    expect(codeOf(good.slice(0, length)), `${length} bytes`).toBe('CHECKPOINT_DAMAGED')
  }
  expect(codeOf(new Uint8Array([...good, 0]))).toBe('CHECKPOINT_DAMAGED')
})

test('only those with in-flight data have the later format, which earlier builds refuse', () => {
  const versionOf = (bytes: Uint8Array) => new DataView(bytes.buffer).getUint32(8, true)
  expect(versionOf(encodeMetadata(sampleMetadata(5, [inline])))).toBe(1)
  const metadata = sampleMetadata(5, [], [inline])
  const bytes = encodeMetadata(metadata)
  expect(versionOf(bytes)).toBe(3)
  expect(decodeMetadata(bytes, 'm')).toEqual(metadata)
})

test('the damaged file is named, with what is wrong', () => {
  const bytes = encodeMetadata(sampleMetadata(5)).slice(0, 100)
  expect(() => decodeMetadata(bytes, '/d/chk-5/_metadata')).toThrow(
    expect.objectContaining({
      place: '/d/chk-5/_metadata',
      message: expect.stringMatching(/^\/d\/chk-5\/_metadata is damaged: it has 100 bytes where/),
    }),
  )
})

test('metadata of a later format say which ones this build reads', () => {
  const bytes = encodeMetadata(sampleMetadata(5))
  const view = new DataView(bytes.buffer)
  view.setUint32(8, 7, true)
  view.setUint32(16, checksumOf([bytes.subarray(8, 16), bytes.subarray(20)]), true)
  expect(() => decodeMetadata(bytes, 'm')).toThrow(
    expect.objectContaining({
      code: 'CHECKPOINT_VERSION',
      message: 'm has format version 7; this build reads versions 1 to 3',
      hint: expect.stringContaining('version of sluice that wrote it'),
    }),
  )
})

test('what cannot be encoded is told by its path', () => {
  const metadata = sampleMetadata(5)
  const bad = { ...metadata, committables: [{ ...metadata.committables[0]!, call: () => 1 }] }
  expect(() => encodeMetadata(bad)).toThrow(/committables\[0\]\.call/)
})

function codeOf(bytes: Uint8Array): string | undefined {
  try {
    decodeMetadata(bytes, 'm')
    return undefined
  } catch (error) {
    return (error as { code: string }).code
  }
}
