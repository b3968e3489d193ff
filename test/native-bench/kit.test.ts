import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
// @ts-expect-error: plain JavaScript
import { barChart } from '../../native-bench/kit/bar-chart.mjs'
// @ts-expect-error: plain JavaScript
import { writeReport } from '../../native-bench/kit/report.mjs'

function folders() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-kit-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return { folder, url: pathToFileURL(`${folder}/`) }
}

const machine = { node: 'v20', cpu: 'a processor', threads: 2 }
const run = (at: string, value: number) => ({
  at,
  machine,
  command: 'npm run bench -- one',
  results: [
    {
      name: 'one',
      rows: [{ what: 'a | b', rate: value }, { what: 'c' }],
      figures: { 'a | b': { value, unit: 'M/s', better: 'more', runs: [value - 1, value + 1] } },
    },
  ],
})

test('the report has the newest run of each benchmark, with its command and a chart', async () => {
  const { folder, url } = folders()
  writeFileSync(join(folder, 'one+two.json'), JSON.stringify(run('2026-01-02T00:00', 7)))
  writeFileSync(join(folder, 'one.json'), JSON.stringify(run('2026-01-01T00:00', 5)))
  const benchmarks = [
    { name: 'one', what: 'what it is', bar: 'at least 6' },
    { name: 'two', what: 'never run' },
  ]
  expect(await writeReport(benchmarks, url, url)).toEqual(['one'])
  const report = readFileSync(join(folder, 'benchmarks.md'), 'utf8')
  expect(report).toContain('| a \\| b | 7 |\n| c |  |')
  expect(report).toContain('The bar: at least 6.')
  expect(report).toContain('`npm run bench -- one`, 2026-01-02, a processor, 2 threads, Node v20.')
  const [, file] = report.match(/\((benchmarks\/.*\.svg)\)/)!
  expect(readFileSync(join(folder, file!), 'utf8')).toContain('7 M/s')
})

test('a bar is as long as its value, and every text is escaped', () => {
  const bars = [
    { label: '<ours>', value: 10 },
    { label: 'theirs', value: 5, of: 'theirs' },
  ]
  const svg: string = barChart({ title: 'A & B', unit: 'M/s', bars })
  const widths = [...svg.matchAll(/<rect x="300"[^>]* width="([\d.]+)"/g)].map(([, w]) => Number(w))
  expect(widths[0]).toBe(2 * widths[1]!)
  expect(svg).not.toContain('<ours>')
  expect(svg).toContain('A &#38; B')
})

test('nothing measured draws nothing that is not a number', () => {
  expect(barChart({ title: 't', unit: 'ms', bars: [{ label: 'none', value: 0 }] })).not.toMatch(
    /NaN|Infinity/,
  )
})
