/** Kills at steps that random ones seldom hit: when a job begins, and when it has finished. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { DiskFault } from '../fixtures/disk-faults.mjs'
import { runChild } from '../kill/start-child.ts'
import { fixture, scratchFolder } from './support.ts'
import { type Places, placesIn, problemsOf, tallyOptions } from './tally.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = scratchFolder()

function run(places: Places, faults: readonly DiskFault[] = []) {
  const options = tallyOptions(places, { restore: 'latest' })
  return runChild({ root, order: { job: fixture('tally.ts'), options }, faults })
}

/** Killed at `op` on `path`, and started again. */
async function startedAgain(name: string, fault: DiskFault) {
  const places = placesIn(join(folder, name))
  const killed = await run(places, [fault])
  expect(killed.how, name).toBe('killed')
  const { how, code } = await run(places)
  expect(problemsOf(places), name).toEqual([])
  return code ?? how
}

const ACTIONS = ['kill-before', 'kill-after'] as const

test.each(ACTIONS)('a job that has not begun is run: %s', async (action) => {
  const steps: readonly (readonly [string, string])[] = [
    ['link', '/lock$'],
    ['rename', '/job\\.json$'],
    ['unlink', '/\\.part-probe'],
    ['rename', '/\\.sluice-output\\.json$'],
  ]
  for (const [op, path] of steps) {
    const how = await startedAgain(`${op} ${path} ${action}`.replaceAll(/\W/g, '-'), {
      op,
      path,
      action,
      nth: 1,
    })
    expect(how, path).toBe('finished')
  }
})

const finished = { op: 'rename', path: '/job\\.json$', nth: 3 }

test('a job that is killed before it is noted as finished commits its end once', async () => {
  expect(await startedAgain('before the end', { ...finished, action: 'kill-before' })).toBe(
    'finished',
  )
})

test('what a job leaves that is killed when it has finished goes at the next start', async () => {
  const faults: readonly DiskFault[] = [
    { ...finished, action: 'kill-after' },
    { op: 'unlink', path: '/chk-\\d+/_metadata$', action: 'kill-before' },
    { op: 'unlink', path: '/chk-\\d+/_metadata$', action: 'kill-after' },
    { op: 'unlink', path: '/chk-\\d+$', action: 'kill-after' },
    { op: 'unlink', path: '/\\.sluice-output\\.json$', action: 'kill-before' },
    { op: 'unlink', path: '/\\.sluice-output\\.json$', action: 'kill-after' },
    { op: 'unlink', path: '/lock$', action: 'kill-before' },
  ]
  for (const [index, fault] of faults.entries()) {
    const how = await startedAgain(`the end ${index}`, fault)
    expect(how, `${fault.op} ${fault.path}`).toBe('JOB_ALREADY_FINISHED')
  }
})
