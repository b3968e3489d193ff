import { expect, test } from 'vitest'
import { SluiceError } from '../../src/base/errors.ts'
import { describeError } from '../../src/cli/describe-error.ts'

test('an error is told with code, message, operator, place, record, hint and cause', () => {
  const cause = Object.assign(new TypeError('x is undefined'), {
    stack: 'TypeError: x is undefined\n    at f (/home/me/job.ts:3:4)\n    at node:internal/x:1:1',
  })
  const error = new SluiceError('USER_FUNCTION_FAILED', "'parse' failed: x is undefined", {
    operator: 'parse',
    place: '/home/me/job.ts:3:4',
    record: '{"a":1}',
    hint: 'correct it',
    cause,
  })
  expect(describeError(error, { cwd: '/home/me' })).toBe(
    [
      "error USER_FUNCTION_FAILED: 'parse' failed: x is undefined",
      '  operator: parse',
      '  place: job.ts:3:4',
      '  record: {"a":1}',
      '  hint: correct it',
      '  cause: TypeError: x is undefined',
      '    at f (job.ts:3:4)',
    ].join('\n'),
  )
})

test('a place that the message names already is not said twice', () => {
  const error = new SluiceError('JOB_SYNTAX', '/a/job.ts:1:2: Unexpected "="', {
    place: '/a/job.ts:1:2',
  })
  expect(describeError(error, { cwd: '/elsewhere' })).toBe(
    'error JOB_SYNTAX: /a/job.ts:1:2: Unexpected "="',
  )
})

test('what is not expected to happen is told with its stack', () => {
  const error = Object.assign(new RangeError('bad'), { stack: 'RangeError: bad\n    at x.js:1' })
  expect(describeError(error)).toBe('internal error\nRangeError: bad\n    at x.js:1')
  expect(describeError('odd')).toBe('error: odd')
})
