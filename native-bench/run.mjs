// Lists and runs the benchmarks: `npm run bench`, `npm run bench -- NAME...`, `-- --smoke`.
// A benchmark is a module in scenarios/ or micro/ with { name, what, bar?, repeat?, run(options) },
// and `vs`, if it can be compared with other systems: `npm run bench -- NAME --vs flink`.
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { ensureBuilt } from '../src/cli/build.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    smoke: { type: 'boolean' },
    repeat: { type: 'string' },
    case: { type: 'string' },
    json: { type: 'string' },
    vs: { type: 'string' },
  },
})

const benchmarks = await load()
if (positionals.length === 0 && !values.smoke) list(benchmarks)
else
  await runAll(benchmarks.filter((b) => positionals.length === 0 || positionals.includes(b.name)))

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

function list(all) {
  console.log(
    'npm run bench -- NAME... [--repeat N] [--case TEXT] [--json FILE] [--vs flink] [--smoke]\n',
  )
  for (const { name, what } of all) console.log(`  ${name.padEnd(22)} ${what}`)
}

async function runAll(chosen) {
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
      vs: values.vs,
    })
    console.table(result.rows)
    if (benchmark.bar !== undefined) console.log(`bar: ${benchmark.bar}`)
    results.push({ name: benchmark.name, ...result })
  }
  if (!values.smoke) await save(results)
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
  const body = JSON.stringify({ at: new Date().toISOString(), machine, command, results }, null, 2)
  const name = [results.map((r) => r.name).join('+'), values.vs].filter(Boolean).join('-vs-')
  const file = values.json ?? new URL(`${name}.json`, folder)
  await writeFile(file, `${body}\n`)
}
