/**
 * `npm run test:kill -- --times 200 --seed 1`: kills the flights job so many times, at steps and
 * times that the seed chooses, restarts it from its checkpoints, and compares its output. Exits
 * with 1 if anything was lost, doubled, half-written or left behind.
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
    times: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const times = Number(values.times)
const seed = Number(values.seed)
const root = fileURLToPath(new URL('../../', import.meta.url))

ensureBuilt()
const scratch = mkdtempSync(join(tmpdir(), 'sluice-kill-'))
const startedMs = Date.now()
say(`seed ${seed}, ${times} kills`)
const { killLoop } = await loadTypeScript(join(root, 'test/kill/kill-loop.ts'), scratch)
const summary = await killLoop({ root, scratch, times, seed, say })
sayAll(summary)
if (summary.violations.length === 0) rmSync(scratch, { recursive: true })
else {
  say(`what is left of it: ${scratch}; again: npm run test:kill -- --times ${times} --seed ${seed}`)
  process.exitCode = 1
}

function sayAll({ kills, failures, damaged, back, starts, jobs, checkpoints, steps, violations }) {
  const minutes = ((Date.now() - startedMs) / 60_000).toFixed(1)
  for (const violation of violations) say(`VIOLATION: ${violation}`)
  for (const [step, count] of [...steps].sort(([, a], [, b]) => b - a)) say(`${count} x ${step}`)
  say(
    `seed ${seed}: ${kills} kills and ${failures} failures of the disk, ${damaged} damaged ` +
      `checkpoints, ${back} times back to an older one, in ${starts} starts of ${jobs} ` +
      `jobs, ${checkpoints} checkpoints, ` +
      `${minutes} min: ${violations.length === 0 ? 'all exact' : 'VIOLATED'}`,
  )
}

function say(line) {
  process.stdout.write(`${line}\n`)
}
