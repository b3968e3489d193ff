import { expect, test } from 'vitest'
import type { OperatorContext } from '../../src/operator/contract.ts'
import { FIRED_A_RUN, fireRun } from '../../src/operator/firing.ts'

/** How many fire of `due`, in how many calls, where the task wants to pause after `pauseAfter`. */
function run(due: number, pauseAfter?: number) {
  let fired = 0
  const shouldPause = () => fired >= pauseAfter!
  const context = (pauseAfter === undefined ? {} : { shouldPause }) as OperatorContext
  const isDone = fireRun(context, (budget) => {
    fired = Math.min(due, fired + budget)
    return fired < due
  })
  return { fired, isDone }
}

test.each([
  { due: 0, fired: 0, isDone: true },
  { due: 10, fired: 10, isDone: true },
  { due: 1000, fired: FIRED_A_RUN, isDone: false },
  { due: 10, pauseAfter: 3, fired: 3, isDone: false },
  { due: 3, pauseAfter: 3, fired: 3, isDone: true },
  { due: 1000, pauseAfter: 1000, fired: FIRED_A_RUN, isDone: false },
])('of $due due, pausing after $pauseAfter, $fired fire', ({ due, pauseAfter, ...expected }) => {
  expect(run(due, pauseAfter)).toEqual(expected)
})
