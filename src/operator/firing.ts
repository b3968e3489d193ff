/**
 * How much an operator fires before it lets the task look at its barriers, commands and credit.
 * Threads: the task.
 */
import type { OperatorContext } from './contract.ts'

/** Timers or windows fired in a row where the task gives no `shouldPause`. */
export const FIRED_A_RUN = 64

/**
 * Calls `fire` (which fires at most `budget` and returns whether more are due) until nothing is
 * due or the task wants to pause. Returns whether all has fired, as `onWatermark` does.
 */
export function runUntilPause(
  context: OperatorContext,
  fire: (budget: number) => boolean,
): boolean {
  if (context.shouldPause === undefined) return !fire(FIRED_A_RUN)
  while (fire(1)) {
    if (context.shouldPause()) return false
  }
  return true
}
