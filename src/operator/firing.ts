/**
 * How much an operator fires before it lets the task look at its barriers, commands and credit.
 * Threads: the task.
 */
import type { OperatorContext } from './contract.ts'

/** Timers or windows fired in a row. */
export const FIRED_A_RUN = 64

/**
 * Calls `fire` (which fires at most `budget` and returns whether more are due) until nothing is
 * due, a run is over, or the task wants to pause: looked at between any two. Returns whether all
 * has fired, as `onWatermark` does.
 */
export function fireRun(context: OperatorContext, fire: (budget: number) => boolean): boolean {
  if (context.shouldPause === undefined) return !fire(FIRED_A_RUN)
  for (let left = FIRED_A_RUN; left > 0; left--) {
    if (!fire(1)) return true
    if (context.shouldPause()) break
  }
  return false
}
