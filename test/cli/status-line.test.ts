import { expect, test } from 'vitest'
import { StatusLine } from '../../src/cli/status-line.ts'

const CLEAR = '\r\x1b[2K'

function terminal(columns: number) {
  const written: string[] = []
  return { isTTY: true, columns, written, write: (text: string) => written.push(text) }
}

test('text beside the status line is written above it', () => {
  const stream = terminal(80)
  const line = new StatusLine(stream)
  line.update('one')
  line.around(() => stream.write('log\n'))
  line.update('two')
  line.end({ keep: true })
  expect(stream.written).toEqual([`${CLEAR}one`, CLEAR, 'log\n', 'one', `${CLEAR}two`, '\n'])
})

test('a status line never reaches the last column', () => {
  const stream = terminal(5)
  new StatusLine(stream).update('123456789')
  expect(stream.written).toEqual([`${CLEAR}1234`])
})

test('a line that was never shown leaves no trace', () => {
  const stream = terminal(5)
  const line = new StatusLine(stream)
  line.around(() => stream.write('x'))
  line.end({ keep: true })
  expect(stream.written).toEqual(['x'])
})

const UP = '\x1b[1A\r\x1b[2K'

test('several lines are redrawn together, and each is cut', () => {
  const stream = terminal(5)
  const line = new StatusLine(stream)
  line.update('123456\nb\nc')
  line.around(() => stream.write('log\n'))
  line.update('one')
  line.end({ keep: false })
  const table = '1234\nb\nc'
  const clear = CLEAR + UP + UP
  expect(stream.written).toEqual([CLEAR + table, clear, 'log\n', table, `${clear}one`, CLEAR])
})

test('of more lines than the screen has the first and the last are shown', () => {
  const stream = { ...terminal(80), rows: 4 }
  new StatusLine(stream).update('a\nb\nc\nd\ne')
  expect(stream.written).toEqual([`${CLEAR}a\nb\ne`])
})

test('the last lines are shown before all others, as many of them as asked', () => {
  const stream = { ...terminal(80), rows: 5 }
  const line = new StatusLine(stream)
  line.update('a\nb\nc\nd\ne', 3)
  line.end({ keep: true })
  line.update('a\nb\nc\nd\ne\nf', 5)
  expect(stream.written).toEqual([`${CLEAR}a\nc\nd\ne`, '\n', `${CLEAR}b\nc\nd\ne`])
})
