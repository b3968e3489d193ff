import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createStore } from '../../src/storage/create-store.ts'
import { withDiskFaults } from '../fixtures/disk-faults.mjs'

let directory = ''
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'sluice-store-'))))
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (read: Uint8Array) => new TextDecoder().decode(read)
const store = () => createStore({ kind: 'file', directory })

test('a blob is written from its parts, and its folders are made', async () => {
  await store().put('chk-1/task-2/a', [bytes('one '), bytes(''), bytes('two')])
  expect(readFileSync(join(directory, 'chk-1/task-2/a'), 'utf8')).toBe('one two')
  expect(text(await store().get('chk-1/task-2/a'))).toBe('one two')
})

test('a blob of that name is replaced, and an empty one is a blob', async () => {
  await store().put('a', [bytes('longer')])
  await store().put('a', [bytes('new')])
  expect(text(await store().get('a'))).toBe('new')
  await store().put('b', [])
  expect(await store().list('')).toEqual([
    { name: 'a', bytes: 3 },
    { name: 'b', bytes: 0 },
  ])
})

test('a range is cut at the end of the blob', async () => {
  await store().put('a', [bytes('0123456789')])
  expect(text(await store().get('a', { from: 2, to: 5 }))).toBe('234')
  expect(text(await store().get('a', { from: 8, to: 20 }))).toBe('89')
  expect(text(await store().get('a', { from: 30, to: 40 }))).toBe('')
})

test('what is read is a plain Uint8Array, as decoders want it', async () => {
  await store().put('a', [bytes('x')])
  expect((await store().get('a')).constructor).toBe(Uint8Array)
})

test('only one of many writers publishes a name, and it is whole', async () => {
  const writers = Array.from({ length: 20 }, (_, i) => bytes(String(i).repeat(1000)))
  const won = await Promise.all(writers.map((one) => store().putIfAbsent('chk-1/_metadata', one)))
  expect(won.filter(Boolean)).toHaveLength(1)
  const winner = won.indexOf(true)
  expect(text(await store().get('chk-1/_metadata'))).toBe(String(winner).repeat(1000))
  expect(readdirSync(join(directory, 'chk-1'))).toEqual(['_metadata'])
})

test('blobs are listed by prefix, ordered by name, without temporary files', async () => {
  for (const name of ['chk-10/a', 'chk-1/b/c', 'chk-1/a', 'chk-2/a', 'other']) {
    await store().put(name, [bytes(name)])
  }
  writeFileSync(join(directory, 'chk-1', '.tmp-left'), 'by a crash')
  const names = async (prefix: string) => (await store().list(prefix)).map(({ name }) => name)
  expect(await names('chk-1/')).toEqual(['chk-1/a', 'chk-1/b/c'])
  expect(await names('chk-1')).toEqual(['chk-1/a', 'chk-1/b/c', 'chk-10/a'])
  expect(await names('chk-1/b/')).toEqual(['chk-1/b/c'])
  expect(await names('')).toEqual(['chk-1/a', 'chk-1/b/c', 'chk-10/a', 'chk-2/a', 'other'])
  expect(await names('none/')).toEqual([])
})

test('the last blob of a folder takes the folder along, but never the store', async () => {
  await store().put('chk-1/task/a', [bytes('a')])
  await store().put('chk-1/b', [bytes('b')])
  await store().delete('chk-1/task/a')
  expect(readdirSync(join(directory, 'chk-1'))).toEqual(['b'])
  await store().delete('chk-1/b')
  await store().delete('chk-1/b')
  expect(readdirSync(directory)).toEqual([])
})

test('a blob that is not there is BLOB_MISSING', async () => {
  await expect(store().get('chk-1/a')).rejects.toMatchObject({
    code: 'BLOB_MISSING',
    place: join(directory, 'chk-1/a'),
  })
})

test.each([
  ['ENOSPC', /no space is left on the device \(ENOSPC\)/, /make room/],
  ['EIO', /the device reports an error \(EIO\)/, /dmesg/],
  ['EROFS', /read-only \(EROFS\)/, /can be written to/],
  ['EACCES', /permission is denied \(EACCES\)/, /right/],
  ['EDQUOT', /quota is used up \(EDQUOT\)/, /quota/],
  ['EMFILE', /too many open files \(EMFILE\)/, /ulimit/],
])('%s is told with the blob, the reason and what to do', async (errno, message, hint) => {
  const rules = [{ op: 'open', path: '/a$', action: errno }]
  await withDiskFaults(rules, async () => {
    await expect(store().put('chk-1/a', [bytes('x')])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      place: join(directory, 'chk-1/a'),
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
      cause: expect.objectContaining({ code: errno }),
    })
  })
})

test.each(['write', 'sync', 'close'])('a blob that fails to %s leaves nothing', async (op) => {
  await withDiskFaults([{ op, path: '/a$', action: 'ENOSPC' }], async () => {
    await expect(store().put('chk-1/a', [bytes('x')])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    })
  })
  expect(readdirSync(join(directory, 'chk-1'))).toEqual([])
})

test.each([
  ['write', '.tmp-', 1],
  ['sync', '.tmp-', 1],
  ['link', '_metadata$', 1],
  ['sync', '/chk-1$', 1],
  // The one after the link: the name may not be durable.
  ['sync', '/chk-1$', 2],
])('a name whose publication fails (%s of %s, %i) is not there', async (op, path, nth) => {
  mkdirSync(join(directory, 'chk-1'))
  await withDiskFaults([{ op, path, nth, action: 'EIO' }], async () => {
    await expect(store().putIfAbsent('chk-1/_metadata', bytes('x'))).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    })
  })
  expect(readdirSync(join(directory, 'chk-1'))).toEqual([])
})

test('writes that stop short are continued', async () => {
  const parts = Array.from({ length: 3000 }, (_, i) => bytes(`${i} `))
  await withDiskFaults([{ op: 'write', path: '/a$', action: 'short' }], () => {
    return store().put('a', parts)
  })
  expect(text(await store().get('a'))).toBe(parts.map(text).join(''))
})

test('files and folders are synced, and what a name stands for before the name', async () => {
  const seen: string[] = []
  await withDiskFaults([{ op: '*', path: '', action: (op) => seen.push(op) }], async () => {
    await store().put('chk-1/a', [bytes('x')])
    await store().putIfAbsent('chk-1/_metadata', bytes('y'))
  })
  const relevant = seen
    .map((line) => line.replace(directory, 'D').replace(/\.tmp-\S+/, 'T'))
    .filter((line) => /^(mkdir|write|sync|link|unlink) /.test(line))
  const link = relevant.indexOf('link D/chk-1/_metadata')
  expect(relevant.slice(0, 4)).toEqual([
    'mkdir D/chk-1',
    'sync D',
    'write D/chk-1/a',
    'sync D/chk-1/a',
  ])
  // The file and the folder are synced at the same time.
  const before = relevant.slice(4, link)
  expect(before.filter((line) => line.endsWith('T'))).toEqual(['write D/chk-1/T', 'sync D/chk-1/T'])
  expect(before.filter((line) => !line.endsWith('T'))).toEqual(['sync D/chk-1'])
  expect(relevant.slice(link + 1)).toEqual(['sync D/chk-1', 'unlink D/chk-1/T'])
})

test('a name never leaves the store', async () => {
  for (const name of ['../a', 'a/../../b', '/etc/passwd', '', 'a//b', 'chk-1/.tmp-x']) {
    await expect(store().get(name)).rejects.toThrow('is no name of a blob')
  }
})
