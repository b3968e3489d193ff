import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { ratiosInTurns } from '../kit/ratios.mjs'
import { inChild } from '../kit/windows.mjs'

const JOB = new URL('../jobs/keyed-count.ts', import.meta.url)
const KEYS = 10_000
const ONE = 'one core'
/** By then all four threads have compiled the job, on one core as on two. */
const WARM_UP_RECORDS = 10_000_000

export default {
  name: 'scaling',
  what: 'keyed count at parallelism 2 (four threads) kept on one core, then on two',
  bar: 'at least 1.7 times as many records on two cores',
  fairness:
    'Each run is a process of its own, started by taskset. On a machine with two cores whatever ' +
    'else runs takes from both sides, and more from the second; read the cores of others.',

  async run({ smoke, repeat }) {
    const missing = whyNot()
    if (missing !== undefined) return { rows: [{ what: `not measured: ${missing}` }], figures: {} }
    const times = smoke
      ? { warmup: 0.1, seconds: 0.2, windows: 1 }
      : { warmup: 1, seconds: 2, windows: 3 }
    const known = smoke ? 2 * KEYS : WARM_UP_RECORDS
    const options = { parallelism: 2, args: { keys: KEYS }, known, ...times }
    const run = (cores) => () => inChild(JOB, { cores, ...options })
    const cases = [
      { what: ONE, run: run('0') },
      { what: 'two cores', run: run('0,1'), base: ONE },
    ]
    return ratiosInTurns(cases, repeat)
  },
}

function whyNot() {
  if (availableParallelism() < 2) return 'there is one core'
  const { status } = spawnSync('taskset', ['-c', '0,1', process.execPath, '--version'])
  return status === 0 ? undefined : 'there is no taskset, or it may not use the cores 0 and 1'
}
