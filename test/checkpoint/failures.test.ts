import { expect, test } from 'vitest'
import type { FailureReason } from '../../src/checkpoint/events.ts'
import { FailureCounter } from '../../src/checkpoint/failures.ts'

test.each([
  ['CHECKPOINT_DECLINED', true],
  ['CHECKPOINT_EXPIRED', true],
  ['CHECKPOINT_ASYNC_EXCEPTION', true],
  ['IO_EXCEPTION', true],
  ['FINALIZE_CHECKPOINT_FAILURE', true],
  ['CHECKPOINT_SUBSUMED', false],
  ['TASK_FAILURE', false],
  ['CHECKPOINT_COORDINATOR_SHUTDOWN', false],
  ['CHECKPOINT_COORDINATOR_SUSPEND', false],
  ['NOT_ALL_REQUIRED_TASKS_RUNNING', false],
  ['MINIMUM_TIME_BETWEEN_CHECKPOINTS', false],
  ['TOO_MANY_CHECKPOINT_REQUESTS', false],
] as const)('with none tolerated, %s fails the job: %s', (reason, isCounted) => {
  expect(new FailureCounter(0).failed(1, reason)).toBe(isCounted)
})

type Fact = readonly [id: number, what: FailureReason | 'completed']

/** The ids at which the job failed. */
function failing(tolerated: number | undefined, facts: readonly Fact[]): readonly number[] {
  const counter = new FailureCounter(tolerated)
  return facts.flatMap(([id, what]) => {
    if (what !== 'completed') return counter.failed(id, what) ? [id] : []
    counter.completed(id)
    return []
  })
}

const declined = 'CHECKPOINT_DECLINED'

test.each<readonly [string, number | undefined, readonly Fact[], readonly number[]]>([
  [
    'one more than tolerated fails',
    2,
    [
      [1, declined],
      [2, declined],
      [3, declined],
    ],
    [3],
  ],
  [
    'an id counts once',
    1,
    [
      [1, declined],
      [1, 'CHECKPOINT_EXPIRED'],
      [1, declined],
    ],
    [],
  ],
  [
    'a success begins anew',
    1,
    [
      [1, declined],
      [2, 'completed'],
      [3, declined],
    ],
    [],
  ],
  [
    'one older than the last success does not count',
    0,
    [
      [3, 'completed'],
      [2, declined],
    ],
    [],
  ],
  [
    'after a failure of the job it begins anew',
    1,
    [
      [1, declined],
      [2, declined],
      [3, declined],
    ],
    [2],
  ],
  [
    'any number may be tolerated',
    undefined,
    [
      [1, declined],
      [2, declined],
    ],
    [],
  ],
])('%s', (_what, tolerated, facts, expected) => {
  expect(failing(tolerated, facts)).toEqual(expected)
})
