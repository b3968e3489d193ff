import { expect, test } from 'vitest'
import { createStore } from '../../src/storage/create-store.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (read: Uint8Array) => new TextDecoder().decode(read)

test('stores of one description share their blobs', async () => {
  const description = { kind: 'memory', blobs: new Map<string, SharedArrayBuffer>() } as const
  await createStore(description).put('chk-1/a', [bytes('one '), bytes('two')])
  const other = createStore(description)
  expect(text(await other.get('chk-1/a'))).toBe('one two')
  expect(text(await other.get('chk-1/a', { from: 4, to: 99 }))).toBe('two')
  expect(await other.putIfAbsent('chk-1/a', bytes('x'))).toBe(false)
  expect(await other.putIfAbsent('chk-1/b', bytes('x'))).toBe(true)
  expect(await createStore(description).list('chk-1/')).toEqual([
    { name: 'chk-1/a', bytes: 7 },
    { name: 'chk-1/b', bytes: 1 },
  ])
  await other.delete('chk-1/a')
  await other.delete('chk-1/a')
  await expect(other.get('chk-1/a')).rejects.toMatchObject({ code: 'BLOB_MISSING' })
})

test('a description that was sent on can be read from', async () => {
  const description = { kind: 'memory', blobs: new Map<string, SharedArrayBuffer>() } as const
  await createStore(description).put('a', [bytes('shared')])
  const sent = structuredClone(description)
  const read = await createStore(sent).get('a')
  expect(text(read)).toBe('shared')
  expect(read.buffer).toBeInstanceOf(ArrayBuffer)
})
