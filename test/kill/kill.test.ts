/** The command `npm run test:kill`, with fewer kills. Uses what is built. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { killLoop } from './kill-loop.ts'

const TIMES = 20
const root = fileURLToPath(new URL('../../', import.meta.url))

test(`a job that is killed ${TIMES} times writes everything once`, {
  timeout: 600_000,
}, async () => {
  execFileSync(process.execPath, [join(root, 'src/cli/build.mjs')])
  const seed = Date.now() % 1_000_000
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-kill-'))
  const said = [`npm run test:kill -- --times ${TIMES} --seed ${seed}`]
  try {
    const options = { root, scratch, times: TIMES, seed, say: (line: string) => said.push(line) }
    const { kills, violations } = await killLoop(options)
    expect(violations, said.join('\n')).toEqual([])
    expect(kills).toBe(TIMES)
  } finally {
    rmSync(scratch, { recursive: true })
  }
})
