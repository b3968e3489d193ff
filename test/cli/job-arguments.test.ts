import { expect, test } from 'vitest'
import { parseJobArguments } from '../../src/cli/job-arguments.ts'

test.each([
  ['--input a --output b', { input: 'a', output: 'b' }],
  ['--input=a=b', { input: 'a=b' }],
  ['--verbose --input a', { verbose: true, input: 'a' }],
  ['--max-delay 5 --sum-of-x -3.5', { maxDelay: '5', sumOfX: '-3.5' }],
  ['--input - --rest', { input: '-', rest: true }],
  ['--input a --input b --input', { input: ['a', 'b', true] }],
  ['--empty= --x', { empty: '', x: true }],
  ['-- --parallelism 3', { parallelism: '3' }],
  ['--a 1 -- --log-level debug', { a: '1', logLevel: 'debug' }],
  ['--store a --confirm', { store: 'a', confirm: true }],
  ['', {}],
])('the words %s are the arguments %o', (words, expected) => {
  expect(parseJobArguments(words.split(' ').filter((word) => word !== ''))).toEqual(expected)
})

test.each([
  ['--paralellism 4', '--parallelism'],
  ['--overwite', '--overwrite'],
  ['--loglevel debug', '--log-level'],
  ['--checkpoints-dir a', '--checkpoint-dir'],
  ['--restor latest', '--restore'],
])('the misspelt option %s is refused with the right one', (words, meant) => {
  expect(() => parseJobArguments(words.split(' '))).toThrow(`did you mean ${meant}?`)
})

test('an option of another command is called that', () => {
  expect(() => parseJobArguments(['--overwrite'])).toThrow('--overwrite is an option of another')
})

test('a word that belongs to no option is refused', () => {
  expect(() => parseJobArguments(['--a', '1', 'stray'])).toThrow("'stray' is neither")
  expect(() => parseJobArguments(['-x'])).toThrow("'-x' is neither")
})
