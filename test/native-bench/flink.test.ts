/**
 * Flink's side of a comparison, as far as it needs no Java; and, where its jobs have been built,
 * that they generate Nexmark's events as Beam does.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const JAR = fileURLToPath(
  new URL('../../native-bench/flink/target/flink-bench.jar', import.meta.url),
)
const MODULE = new URL('../../native-bench/flink.mjs', import.meta.url)
const RIVALS = new URL('../../native-bench/rivals.mjs', import.meta.url)

interface Window {
  readonly records: number
  readonly seconds: number
  readonly cpuSeconds: number
}

interface Run {
  readonly engine: string
  readonly recordsPerSecond: number
  readonly recordsPerCpuSecond: number
}

const { ratesOf, rowsOf } = (await import(RIVALS.href)) as {
  ratesOf(windows: readonly Window[]): Omit<Run, 'engine'>
  rowsOf(what: string, runs: readonly Run[]): Record<string, unknown>[]
}

test('a run counts with its median window', () => {
  const windows = [
    { records: 10, seconds: 1, cpuSeconds: 2 },
    { records: 90, seconds: 1, cpuSeconds: 9 },
    { records: 40, seconds: 2, cpuSeconds: 1 },
  ]
  expect(ratesOf(windows)).toEqual({ recordsPerSecond: 20, recordsPerCpuSecond: 10 })
})

test('two engines compare by the ratio of their medians, with the extremes of all pairs', () => {
  const run = (engine: string, millions: number): Run => ({
    engine,
    recordsPerSecond: millions * 1e6,
    recordsPerCpuSecond: millions * 2e6,
  })
  const runs = [run('sluice', 4), run('flink', 2), run('sluice', 8), run('flink', 4)]
  const ratio = '2 (1 to 4)'
  expect(rowsOf('a case', runs).at(-1)).toEqual({
    what: 'a case',
    engine: 'sluice / flink',
    'M records/s': ratio,
    'M records/CPU s': ratio,
  })
  const alone = rowsOf('a case', [run('sluice', 4)])
  expect(alone.map(({ engine }) => engine)).toEqual(['sluice'])
})

test('without Java it is Flink that is missing, and that is said', () => {
  const program = `
    const { ensureFlink, FlinkMissing } = await import(${JSON.stringify(MODULE.href)})
    try {
      await ensureFlink()
    } catch (error) {
      console.log(error instanceof FlinkMissing, error.message)
    }`
  const args = ['--input-type=module', '-e', program]
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8', env: { PATH: '' } })
  expect(ran.stdout).toBe('true there is no java on the path\n')
})

test.skipIf(!existsSync(JAR)).each([
  [1_000, 100_000, '34b1ea735fec2ba2e848f667b7c6fd896e3e80dd93f4c2a829015d95b6490765'],
  [1_000, 1_000, 'e0ba456ac5ce610961a1cfa7203a31e14a08694aac82864511feb0e11eb7e170'],
  [100_000, 100_000, 'a4608c21161fc388ae25c7eb8349e0813b9847b3bd5b3cf79577d8ef11893da8'],
  [100_000, 1_000, '25fad10d9b010f64b492bee0794754b8084b4eb635931d2834626d76cf9a09fb'],
])('the first %i events at rate %i are those of Beam', (events, rate, hash) => {
  const args = ['-jar', JAR, '--job', 'events', '--events', `${events}`, '--rate', `${rate}`]
  const ran = spawnSync('java', args, { maxBuffer: 1 << 26 })
  expect(createHash('sha256').update(ran.stdout).digest('hex')).toBe(hash)
})
