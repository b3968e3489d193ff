/**
 * Whether a checkpoint is due. Periodic ones keep an interval, a pause and a limit of how many may
 * be pending; those that somebody asked for only the limit; the one that ends the job none of them.
 * Threads: any; a pure function of facts.
 */
import type { TriggerKind } from './events.ts'

export interface TriggerFacts {
  readonly nowMs: number
  /** All tasks of the attempt run, and nothing has ended it yet. */
  readonly jobRunning: boolean
  /** Every task has processed all of its input: no snapshot can differ from now on. */
  readonly allEnded: boolean
  /** One that was triggered after all had ended is pending. */
  readonly finalPending: boolean
  /** When the final one may be tried again. */
  readonly finalDueMs: number
  /** Requests that wait for a checkpoint. */
  readonly requests: number
  /** Those being published count. */
  readonly pendingCount: number
  readonly pendingCountMax: number
  /** Infinity where no interval is set. */
  readonly periodicDueMs: number
  readonly lastCompletedMs: number
  readonly minPauseMs: number
}

export type TriggerDecision =
  | { readonly kind: 'trigger'; readonly as: TriggerKind }
  /** Infinity: until something happens. */
  | { readonly kind: 'wait'; readonly untilMs: number }

const waitForEvent: TriggerDecision = { kind: 'wait', untilMs: Number.POSITIVE_INFINITY }

export function decideTrigger(facts: TriggerFacts): TriggerDecision {
  if (!facts.jobRunning) return waitForEvent
  if (facts.allEnded) return decideFinal(facts)
  if (facts.pendingCount >= facts.pendingCountMax) return waitForEvent
  if (facts.requests > 0) return { kind: 'trigger', as: 'manual' }
  return decidePeriodic(facts)
}

/** Who asks for one then gets the final one, and need not wait until it is tried again. */
function decideFinal(facts: TriggerFacts): TriggerDecision {
  if (facts.finalPending) return waitForEvent
  const dueMs = facts.requests > 0 ? facts.nowMs : facts.finalDueMs
  return triggerFrom(dueMs, { nowMs: facts.nowMs, as: 'final' })
}

function decidePeriodic(facts: TriggerFacts): TriggerDecision {
  // A pause promises the job some time without any checkpoint, so none may overlap another.
  if (facts.minPauseMs > 0 && facts.pendingCount > 0) return waitForEvent
  const dueMs = Math.max(facts.periodicDueMs, facts.lastCompletedMs + facts.minPauseMs)
  return triggerFrom(dueMs, { nowMs: facts.nowMs, as: 'periodic' })
}

function triggerFrom(
  dueMs: number,
  { nowMs, as }: { readonly nowMs: number; readonly as: TriggerKind },
): TriggerDecision {
  return nowMs < dueMs ? { kind: 'wait', untilMs: dueMs } : { kind: 'trigger', as }
}
