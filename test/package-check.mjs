/**
 * What users would install: packs the package, looks at it with publint and attw, installs it into
 * an empty folder without any compiler, and runs a job from there, by the command and embedded.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const JOB = `import { defineJob } from 'sluice'
import { collection } from 'sluice/generator'

export default defineJob('packed', (env) => {
  env.from(collection([1, 2, 3])).map((n: number) => ({ n: n * 2 })).collect('rows')
})
`

const PROGRAM = `import { runJob } from 'sluice'
const job = await runJob(new URL('./job.ts', import.meta.url))
const rows = []
for await (const row of job.collect('rows')) rows.push(row.n)
await job.finished
console.log(rows.join(' '))
`

const folder = mkdtempSync(join(tmpdir(), 'sluice-package-'))
try {
  check()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function check() {
  const name = run('npm', ['pack', '--silent', '--pack-destination', folder], ROOT).trim()
  const packed = join(folder, name)
  run('npx', ['publint', 'run', packed, '--strict'], ROOT)
  run('npx', ['attw', packed, '--profile', 'esm-only'], ROOT)
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', packed], folder)
  if (existsSync(join(folder, 'node_modules/typescript'))) throw new Error('it needs a compiler')
  writeFileSync(join(folder, 'job.ts'), JOB)
  writeFileSync(join(folder, 'program.mjs'), PROGRAM)
  expect(run('npx', ['sluice', 'info', 'job.ts'], folder), 'job packed:')
  expect(run(process.execPath, ['program.mjs'], folder), '2 4 6')
}

function run(command, args, cwd) {
  const ran = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (ran.status === 0) return ran.stdout
  const what = [command, ...args].join(' ')
  throw new Error(`${what}\n${ran.stdout}${ran.stderr}\nended with ${ran.status}`)
}

function expect(text, words) {
  process.stdout.write(text)
  if (!text.includes(words)) throw new Error(`expected '${words}'`)
}
