/**
 * Jobs in real threads that stall, fail and are killed, for as long as asked.
 *
 *   npm run test:stress -- --minutes 10
 *   npm run test:stress -- --jobs 1 --seed 4711    one job again, as far as threads allow
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ensureBuilt } from '../../src/cli/build.mjs'
import { loadTypeScript } from '../load-typescript.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    jobs: { type: 'string', default: 'Infinity' },
    records: { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const seed = Number(values.seed)
const jobs = Number(values.jobs)
const root = fileURLToPath(new URL('../../', import.meta.url))
const startedMs = Date.now()
const minutes = () => (Date.now() - startedMs) / 60_000

ensureBuilt()
const scratch = mkdtempSync(join(tmpdir(), 'sluice-stress-'))
say(`seed ${seed}`)
const { stressLoop } = await loadTypeScript(join(root, 'test/stress/stress-loop.ts'), scratch)
const summary = await stressLoop({
  root,
  scratch,
  seed,
  records: Number(values.records),
  goesOn: (begun) => begun < jobs && (values.jobs !== 'Infinity' || minutes() < values.minutes),
  say,
})
sayAll(summary)
if (summary.violations.length === 0) rmSync(scratch, { recursive: true })
else {
  const last = seed + summary.jobs - 1
  say(`what is left of it: ${scratch}; again: npm run test:stress -- --jobs 1 --seed ${last}`)
  process.exitCode = 1
}

function sayAll({ failed, violations, ...all }) {
  for (const violation of violations) say(`VIOLATION: ${violation}`)
  for (const [reason, count] of [...failed].sort(([, a], [, b]) => b - a)) {
    say(`${count} x ${reason}`)
  }
  say(
    `seed ${seed}: ${all.jobs} jobs in ${all.starts} starts; ${all.kills} kills, ${all.threads} ` +
      `threads that failed; ${all.checkpoints} checkpoints, ${all.inFlight} with records on ` +
      `their way; ${all.restores} restores, ${all.rescales} at another parallelism; ` +
      `${minutes().toFixed(1)} min: ${violations.length === 0 ? 'all exact' : 'VIOLATED'}`,
  )
}

function say(line) {
  process.stdout.write(`${line}\n`)
}
