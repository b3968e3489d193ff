import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findFiles } from '../../../src/connector/file/paths.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-paths-'))
  for (const name of [
    'b.jsonl',
    'a.jsonl',
    'c.txt',
    '.part-1.jsonl',
    '_ok.jsonl',
    'sub/d.jsonl',
    'sub/deep/e.jsonl',
    'x+y(1).jsonl',
  ]) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), 'x')
  }
})
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

const find = async (...inputs: string[]) => {
  const files = await findFiles(
    inputs.map((input) => join(directory, input)),
    ['.jsonl'],
  )
  return files.map((path) => path.slice(directory.length + 1))
}

test('a path means that file, whatever its name', async () => {
  expect(await find('c.txt')).toEqual(['c.txt'])
})

test('a directory means its visible files with the right ending, by name', async () => {
  expect(await find('')).toEqual(['a.jsonl', 'b.jsonl', 'x+y(1).jsonl'])
})

test.each([
  ['*.jsonl', ['a.jsonl', 'b.jsonl', 'x+y(1).jsonl']],
  ['?.jsonl', ['a.jsonl', 'b.jsonl']],
  ['*/?.jsonl', ['sub/d.jsonl']],
  ['**/?.jsonl', ['a.jsonl', 'b.jsonl', 'sub/d.jsonl', 'sub/deep/e.jsonl']],
  ['x+*(1).jsonl', ['x+y(1).jsonl']],
  ['s*', []],
])('the pattern %s means %j', async (pattern, expected) => {
  if (expected.length > 0) expect(await find(pattern)).toEqual(expected)
  else await expect(find(pattern)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
})

test('a list keeps its order and names no file twice', async () => {
  expect(await find('b.jsonl', '?.jsonl')).toEqual(['b.jsonl', 'a.jsonl'])
})

test('a file that is not there is named, with the directory it was looked for in', async () => {
  await expect(findFiles('no/such.jsonl', ['.jsonl'])).rejects.toMatchObject({
    code: 'FILE_NOT_FOUND',
    message: 'there is no file no/such.jsonl',
    hint: expect.stringContaining(`directory in which the job was started: ${process.cwd()}`),
  })
})

test.each([[''], [[]], [[undefined]]])('%j is no input', async (input) => {
  await expect(findFiles(input as never, ['.jsonl'])).rejects.toMatchObject({ code: 'NO_INPUT' })
})
