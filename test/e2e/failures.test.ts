/** User code that throws: which operator, which of the user's lines, which record. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { failureOf, fileTree, fixture, lineEnding, scratchFolder } from './support.ts'

const JOB = fixture('throwing.ts')
const TROUBLE = fixture('trouble.ts')
const scratch = scratchFolder()

const RECORD = 'id: 2500'
const CHAIN = 'sensors -> double -> keep -> spread -> pass on -> clock -> files'

test.each([
  ['make', 'sensors', undefined],
  ['map', 'double', RECORD],
  ['filter', 'keep', RECORD],
  ['flatMap', 'spread', RECORD],
  ['process', 'pass on', RECORD],
  ['event time', 'clock', RECORD],
  ['key', 'reduce', RECORD],
  ['keyed process', 'tally', RECORD],
  ['behind a process', 'after tally', 'id: 0'],
  ['reduce', 'latest', RECORD],
  ['aggregate add', 'last of second', RECORD],
  ['aggregate result', 'last of second', undefined],
  ['window', 'per second', undefined],
  ['behind a window', 'after window', undefined],
  ['timer', 'tally', undefined],
  ['processing timer', 'tally', undefined],
  ['open', 'tally', undefined],
])('an error in %s is that of operator %s, with the line and the record', async (...row) => {
  const [where, operator, record] = row
  const output = join(scratch, where)
  const error = await failureOf(JOB, { args: { where, output } })
  expect(error).toMatchObject({
    code: 'OPERATOR_FAILED',
    operator,
    message: `operator '${operator}' failed: trouble: ${where}`,
    place: `${lineEnding(TROUBLE, '`)')}:9`,
  })
  if (record === undefined) expect(error.record).toBeUndefined()
  else expect(error.record).toContain(record)
  const cause = error.cause as Error
  expect(cause.name).toBe('RangeError')
  expect(cause.stack).toContain(`${lineEnding(JOB, `// at: ${where}`)}:`)
  expect(cause.stack).not.toContain('base64')
  expect(fileTree(output)).toEqual([])
})

test('an error in close is told although the output is there already', async () => {
  const output = join(scratch, 'close')
  const error = await failureOf(JOB, { args: { where: 'close', output } })
  expect(error).toMatchObject({ code: 'OPERATOR_FAILED', operator: 'tally' })
  expect(error.message).toBe("operator 'tally' failed: trouble: close")
  expect((error.cause as Error).stack).toContain(`${lineEnding(JOB, '// at: close')}:`)
  expect(fileTree(output)).toEqual(['part-0-0.jsonl', 'part-0-0.jsonl'])
})

test('an error from deep below an operator is still that of this operator', async () => {
  const error = await failureIn('deep recursion')
  expect(error.operator).toBe('double')
  expect(error.place).toBe(`${lineEnding(JOB, "new Error('deep down')")}:27`)
})

test('where nobody can tell which operator threw, all of the chain are named', async () => {
  const endless = await failureIn('endless recursion')
  expect(endless.message).toBe(`operator '${CHAIN}' failed: Maximum call stack size exceeded`)
  expect(endless.record).toContain(RECORD)
  const noError = await failureIn('something else')
  expect(noError.message).toBe(`operator '${CHAIN}' failed: { level: 7 }`)
  expect(noError.record).toContain(RECORD)
})

test('a bad event time is told with what it was, the operator and the record', async () => {
  const error = await failureIn('bad event time')
  expect(error.code).toBe('BAD_EVENT_TIME')
  expect(error.message).toBe('the time function gave NaN as an event time')
  expect(error.operator).toBe('clock')
  expect(error.record).toContain('2500')
  expect(error.hint).toContain('epoch milliseconds')
})

test.each(['never opened', 'never closed'])(
  'a promise that nothing resolves: %s',
  async (where) => {
    const error = await failureIn(where)
    expect(error.code).toBe('TASK_EXITED')
    expect(error.hint).toContain('a promise that nothing can resolve')
  },
)

function failureIn(where: string) {
  return failureOf(JOB, { args: { where, output: join(scratch, where) } })
}
