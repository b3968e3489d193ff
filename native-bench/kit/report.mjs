// Turns the latest results into docs/benchmarks.md, with a chart a benchmark in docs/benchmarks/.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { barChart } from './bar-chart.mjs'
import { lineChart } from './line-chart.mjs'

const RESULTS = new URL('../results/', import.meta.url)
const DOCS = new URL('../../docs/', import.meta.url)
const CHARTS = new URL('benchmarks/', DOCS)

/** `benchmarks`: all there are, in the order of the report. Returns the names of those in it. */
export async function writeReport(benchmarks, results = RESULTS, docs = DOCS) {
  const latest = await latestResults(results)
  const charts = new URL('benchmarks/', docs)
  await rm(charts, { recursive: true, force: true })
  await mkdir(charts, { recursive: true })
  const intro = await readFile(new URL('./report-intro.md', import.meta.url), 'utf8')
  const sections = [intro.trim()]
  const named = []
  for (const benchmark of benchmarks) {
    const rivals = (benchmark.vs ?? []).map((rival) => `${benchmark.name} against ${rival}`)
    for (const name of [benchmark.name, ...rivals]) {
      const found = latest.get(name)
      if (found === undefined) continue
      named.push(name)
      sections.push(await section({ ...benchmark, name }, found, charts))
    }
  }
  await writeFile(new URL('benchmarks.md', docs), `${sections.join('\n\n')}\n`)
  return named
}

export const chartsFolder = CHARTS

/** By benchmark: the newest run of it, whichever file holds it. */
async function latestResults(folder) {
  const latest = new Map()
  const files = await readdir(folder).catch(() => [])
  for (const file of files.filter((name) => name.endsWith('.json'))) {
    const run = JSON.parse(await readFile(new URL(file, folder), 'utf8'))
    for (const result of run.results) {
      const known = latest.get(result.name)
      if (known === undefined || known.at < run.at) latest.set(result.name, { ...run, result })
    }
  }
  return latest
}

async function section(benchmark, { at, machine, command, result }, charts) {
  const { name, what, bar } = benchmark
  const figures = Object.entries(result.figures ?? {})
  const drawn = []
  for (const [index, chart] of chartsOf(what, figures).entries()) {
    const file = `${name.replaceAll(' ', '-')}${index === 0 ? '' : `-${index + 1}`}.svg`
    await writeFile(new URL(file, charts), barChart(chart))
    drawn.push(`![${chart.title}](benchmarks/${file})`)
  }
  for (const [index, chart] of (result.series ?? []).entries()) {
    const file = `${name.replaceAll(' ', '-')}-over-time-${index + 1}.svg`
    await writeFile(new URL(file, charts), lineChart(chart))
    drawn.push(`![${chart.title}](benchmarks/${file})`)
  }
  const box = `${machine.cpu}, ${machine.threads} threads, Node ${machine.node}`
  const told = [
    `## ${name}`,
    `${what[0].toUpperCase()}${what.slice(1)}.`,
    ...(benchmark.fairness === undefined ? [] : [benchmark.fairness]),
    table(result.rows),
    ...drawn,
    ...(bar === undefined ? [] : [`The bar: ${bar}.`]),
    `\`${command}\`, ${at.slice(0, 10)}, ${box}.`,
  ]
  return told.join('\n\n')
}

/** One chart a unit. */
function chartsOf(title, figures) {
  const units = [...new Set(figures.map(([, { unit }]) => unit))]
  return units.map((unit) => ({
    title,
    unit,
    bars: figures.flatMap(([label, figure]) =>
      figure.unit === unit ? [{ label, ...figure }] : [],
    ),
  }))
}

function table(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const line = (cells) => `| ${cells.join(' | ')} |`
  const cell = (value) => (value === undefined ? '' : String(value).replaceAll('|', '\\|'))
  return [
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map((column) => cell(row[column])))),
  ].join('\n')
}
