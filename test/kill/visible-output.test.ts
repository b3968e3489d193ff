import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ExpectedFlights } from '../reference/flights-loop.ts'
import { leftoversIn, VisibleOutput } from './visible-output.ts'

const row = {
  origin: 'LAX',
  day: '2001-01-01',
  flights: 3,
  meanDelay: 1,
  shareLate: 0,
  worst: 2,
}
const expected: ExpectedFlights = { rows: 3, dropped: 0, daily: [row], totals: [] }
const total = { destination: 'JFK', flights: 1000, delayTotal: 4 }

let folder = ''
let visible: VisibleOutput
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-visible-'))
  mkdirSync(join(folder, 'daily'))
  mkdirSync(join(folder, 'totals'))
  visible = new VisibleOutput(folder, expected)
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, ...rows: readonly object[]): void {
  writeFileSync(join(folder, name), rows.map((one) => `${JSON.stringify(one)}\n`).join(''))
}

function look(): readonly string[] {
  visible.look({ again: true })
  return visible.violations.splice(0)
}

test('whole files that stay as they are pass', () => {
  expect(look()).toEqual([])
  write('daily/part-0-1.jsonl', row)
  write('daily/.part-x-0-1-0.inprogress', row)
  expect(look()).toEqual([])
  write('totals/part-0-2.jsonl', total, { ...total, flights: 2000 })
  expect(look()).toEqual([])
  expect(look()).toEqual([])
  expect(visible.files).toBe(2)
})

test('half a line is found', () => {
  writeFileSync(join(folder, 'daily/part-0-1.jsonl'), `${JSON.stringify(row)}\n{"origin":"L`)
  expect(look()).toEqual(['daily/part-0-1.jsonl does not end with a whole line'])
})

test('a row that comes again in another file is found', () => {
  write('totals/part-0-1.jsonl', total)
  write('totals/part-1-2.jsonl', total)
  expect(look()).toEqual([expect.stringContaining('part-1-2.jsonl:1 is the same row as totals/')])
})

test('a row that is not the expected one is found', () => {
  write('daily/part-0-1.jsonl', { ...row, flights: 2 })
  expect(look()).toEqual(['daily/part-0-1.jsonl:1 is a row that is not expected'])
})

test('a visible file that changes, is replaced or goes is found', () => {
  write('daily/part-0-1.jsonl', row)
  write('totals/part-0-1.jsonl', total)
  expect(look()).toEqual([])
  write('daily/part-0-1.jsonl', row, row)
  expect(look()).toEqual([expect.stringContaining('daily/part-0-1.jsonl changed')])
  write('totals/new', total)
  renameSync(join(folder, 'totals/new'), join(folder, 'totals/part-0-1.jsonl'))
  expect(look()).toEqual([expect.stringContaining('totals/part-0-1.jsonl changed')])
  rmSync(join(folder, 'daily/part-0-1.jsonl'))
  expect(look()).toEqual(['daily/part-0-1.jsonl is gone'])
})

test('what a job withdraws that goes back may be gone, and come again', () => {
  write('totals/part-0-3.jsonl', total)
  write('totals/part-1-4.jsonl', { ...total, flights: 2000 })
  expect(look()).toEqual([])
  visible.goesBack(3, 4)
  rmSync(join(folder, 'totals/part-1-4.jsonl'))
  expect(look()).toEqual([])
  write('totals/part-0-5.jsonl', { ...total, flights: 2000 })
  expect(look()).toEqual([])
  rmSync(join(folder, 'totals/part-0-3.jsonl'))
  expect(look()).toEqual(['totals/part-0-3.jsonl is gone'])
})

test('only the output, the job file and the history may be left', () => {
  const checkpoints = join(folder, 'checkpoints')
  const output = join(folder, 'output')
  const none = ['output/daily/part-0-1.jsonl', 'checkpoints/job.json', 'checkpoints/history.jsonl']
  const left = ['output/daily/.part-x.inprogress', 'output/totals/.sluice-output.json']
  const more = ['checkpoints/chk-1/state-1', 'checkpoints/lock', 'checkpoints/.tmp-1']
  for (const name of ['output/daily', 'output/totals', 'output/dropped', 'checkpoints/chk-1']) {
    mkdirSync(join(folder, name), { recursive: true })
  }
  for (const name of [...none, ...left, ...more]) writeFileSync(join(folder, name), '')
  expect([...leftoversIn(output, checkpoints)].sort()).toEqual(
    ['.tmp-1', 'chk-1', 'chk-1/state-1', 'daily/.part-x.inprogress', 'lock'].concat(
      'totals/.sluice-output.json',
    ),
  )
})
