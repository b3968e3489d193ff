/** The command `npm run test:stress`, for some seconds. Uses what is built. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { stressLoop } from './stress-loop.ts'

const SECONDS = 8
/** However long they take on a machine that has much else to do. */
const CHECKPOINTS_MIN = 10
const RECORDS = 2_000
const root = fileURLToPath(new URL('../../', import.meta.url))

test('jobs that stall, fail and are killed have every effect once', {
  timeout: 600_000,
}, async () => {
  execFileSync(process.execPath, [join(root, 'src/cli/build.mjs')])
  const seed = Date.now() % 1_000_000
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-stress-'))
  const said = [`npm run test:stress -- --records ${RECORDS} --seed ${seed}`]
  const untilMs = Date.now() + SECONDS * 1_000
  try {
    const summary = await stressLoop({
      root,
      scratch,
      seed,
      records: RECORDS,
      goesOn: (_, checkpoints) => checkpoints < CHECKPOINTS_MIN || Date.now() < untilMs,
      say: (line) => said.push(line),
    })
    expect(summary.violations, said.join('\n')).toEqual([])
    expect(summary.checkpoints).toBeGreaterThanOrEqual(CHECKPOINTS_MIN)
  } finally {
    rmSync(scratch, { recursive: true })
  }
})
