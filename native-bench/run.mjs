// Lists and runs the benchmarks: `npm run bench`, `npm run bench -- NAME...`, `-- --smoke`.
// A benchmark is a module in scenarios/ or micro/ with { name, what, bar?, repeat?, fairness?,
// run(options) }; what it returns has `rows` for the table and `figures` for charts and comparison.
// With `options`, as parseArgs takes them, it has options of its own; with `instead(values)` some
// of them may make it do something else than measure, and then nothing else is printed.
// With `vs` it can be compared with other systems: `npm run bench -- NAME --vs flink`.
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { ensureBuilt } from '../src/cli/build.mjs'
import { compared, hasFallen, remember } from './kit/history.mjs'
import { writeReport } from './kit/report.mjs'

const benchmarks = await load()
const { values, positionals } = parse(benchmarks)
const chosen = benchmarks.filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
)
const instead = positionals.length === 1 ? chosen[0]?.instead?.(values) : undefined
if (instead !== undefined) await instead()
else if (positionals[0] === 'report') await report()
else if (positionals[0] === 'compare') await compare()
else if (positionals.length === 0 && !values.smoke) list()
else await runAll()

/** Throws where an option is none of the chosen benchmarks'. */
function parse(all) {
  const common = {
    smoke: { type: 'boolean' },
    repeat: { type: 'string' },
    case: { type: 'string' },
    json: { type: 'string' },
    vs: { type: 'string' },
  }
  const allOptions = Object.assign({}, ...all.map(({ options }) => options), common)
  const { positionals } = parseArgs({ allowPositionals: true, options: allOptions })
  const named = all.filter(({ name }) => positionals.includes(name))
  const options = Object.assign({}, ...named.map((benchmark) => benchmark.options), common)
  return parseArgs({ allowPositionals: true, options })
}

async function load() {
  await ensureBuilt()
  const found = []
  for (const folder of ['micro', 'scenarios']) {
    const url = new URL(`./${folder}/`, import.meta.url)
    const files = await readdir(url).catch(() => [])
    for (const file of files.filter((name) => name.endsWith('.mjs')).sort()) {
      found.push((await import(new URL(file, url).href)).default)
    }
  }
  return found
}

function list() {
  console.log(
    'npm run bench -- NAME... [--repeat N] [--case TEXT] [--json FILE] [--vs flink] [--smoke]\n',
  )
  for (const { name, what, options = {} } of benchmarks) {
    const own = Object.keys(options).map((option) => ` [--${option}]`)
    console.log(`  ${name.padEnd(22)} ${what}${own.join('')}`)
  }
  console.log('\nnpm run bench -- report   the latest results as docs/benchmarks.md')
  console.log('npm run bench -- compare  every figure beside earlier ones')
}

async function report() {
  const named = await writeReport(benchmarks)
  console.log(
    `docs/benchmarks.md: ${named.join(', ') || 'nothing, since nothing was measured yet'}`,
  )
}

/** Exits with 1 if any figure fell. */
async function compare() {
  const rows = await compared()
  if (rows.length === 0) console.log('nothing was measured yet')
  else console.table(rows)
  if (rows.some(hasFallen)) process.exitCode = 1
}

async function runAll() {
  if (chosen.length === 0) throw new Error(`no benchmark named ${positionals.join(', ')}`)
  insistOnRival(chosen)
  const results = []
  for (const benchmark of chosen) {
    console.log(`\n${benchmark.name}: ${benchmark.what}`)
    const repeat = Number(values.repeat ?? (values.smoke ? 1 : (benchmark.repeat ?? 5)))
    const only = values.case ?? ''
    const result = await benchmark.run({
      smoke: values.smoke === true,
      repeat,
      only,
      options: ownOptions(benchmark),
      vs: values.vs,
    })
    console.table(result.rows)
    if (benchmark.bar !== undefined) console.log(`bar: ${benchmark.bar}`)
    const rival = values.vs === undefined ? '' : ` against ${values.vs}`
    results.push({ name: `${benchmark.name}${rival}`, ...result })
  }
  if (!values.smoke) await save(results)
}

function ownOptions({ options = {} }) {
  return Object.fromEntries(Object.keys(options).map((name) => [name, values[name]]))
}

function insistOnRival(chosen) {
  if (values.vs === undefined || chosen.some(({ vs }) => vs?.includes(values.vs))) return
  throw new Error(`none of ${chosen.map(({ name }) => name).join(', ')} has --vs ${values.vs}`)
}

async function save(results) {
  const folder = new URL('./results/', import.meta.url)
  await mkdir(folder, { recursive: true })
  const machine = {
    node: process.version,
    cpu: cpus()[0]?.model,
    threads: availableParallelism(),
    memoryBytes: totalmem(),
  }
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ')
  const run = { at: new Date().toISOString(), machine, command, results }
  await remember(run)
  const body = JSON.stringify(run, null, 2)
  const file =
    values.json ??
    new URL(`${results.map((r) => r.name.replaceAll(' ', '-')).join('+')}.json`, folder)
  await writeFile(file, `${body}\n`)
}
