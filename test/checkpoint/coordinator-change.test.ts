/** Options of checkpoints that are changed between two events of the coordinator. */
import { expect, test } from 'vitest'
import type { Step } from './coordinator-script.ts'
import { completing, play, settings, wakes } from './coordinator-script.ts'

test.each<readonly [string, Parameters<typeof play>[0], readonly Step[], readonly string[]]>([
  [
    'a shorter interval counts from the last periodic one',
    {},
    [
      [0, 'running'],
      [1000, 'tick'],
      ...completing(1, 1100),
      [1300, 'change', { intervalMs: 500 }],
      [1500, 'tick'],
    ],
    [
      '1000: trigger 1 periodic',
      '1100: write 1',
      '1100: complete 1 periodic',
      '1500: trigger 2 periodic',
    ],
  ],
  [
    'one that is over already brings one at once',
    { intervalMs: 100_000 },
    [
      [0, 'running'],
      [5000, 'change', { intervalMs: 1000 }],
    ],
    ['5000: trigger 1 periodic'],
  ],
  [
    'a longer one puts the next off',
    {},
    [
      [0, 'running'],
      [900, 'change', { intervalMs: 3000 }],
      [1000, 'tick'],
      [3000, 'tick'],
    ],
    ['3000: trigger 1 periodic'],
  ],
  [
    'an interval begins where there was none, from when all tasks ran',
    { intervalMs: undefined },
    [
      [100, 'running'],
      [700, 'change', { intervalMs: 1000 }],
      [1100, 'tick'],
    ],
    ['1100: trigger 1 periodic'],
  ],
  [
    'without one there are those that somebody asks for',
    {},
    [
      [0, 'running'],
      [900, 'change', { intervalMs: undefined }],
      [9000, 'tick'],
      [9001, 'request', 7],
    ],
    ['9001: trigger 1 manual', '9001: attach request 7 to 1'],
  ],
  [
    'between two attempts it waits for the next',
    {},
    [
      [0, 'running'],
      [500, 'restart'],
      [600, 'change', { intervalMs: 200 }],
      [700, 'running'],
      [900, 'tick'],
    ],
    ['900: trigger 1 periodic'],
  ],
  [
    'one that is under way expires when it would have',
    { timeoutMs: 500 },
    [
      [0, 'running'],
      [1000, 'tick'],
      [1100, 'change', { timeoutMs: 5000 }],
      [1500, 'tick'],
      [2000, 'tick'],
      [6999, 'tick'],
      [7000, 'tick'],
    ],
    [
      '1000: trigger 1 periodic',
      '1500: abort 1 CHECKPOINT_EXPIRED',
      '2000: trigger 2 periodic',
      '7000: abort 2 CHECKPOINT_EXPIRED',
      '7000: trigger 3 periodic',
    ],
  ],
  [
    'more may be under way, and then fewer',
    {},
    [
      [0, 'running'],
      [1000, 'tick'],
      [2100, 'change', { concurrentMax: 2 }],
      [3200, 'tick'],
      [3300, 'change', { concurrentMax: 1 }],
      [3400, 'decline', 1, 0],
      [5000, 'tick'],
      [5100, 'decline', 2, 0],
    ],
    [
      '1000: trigger 1 periodic',
      '2100: trigger 2 periodic',
      '3400: abort 1 CHECKPOINT_DECLINED',
      '5100: abort 2 CHECKPOINT_DECLINED',
      '5100: trigger 3 periodic',
    ],
  ],
  [
    'a pause holds from the next one on',
    {},
    [
      [0, 'running'],
      [1000, 'tick'],
      ...completing(1, 1900),
      [1950, 'change', { minPauseMs: 5000 }],
      [2000, 'tick'],
      [6900, 'tick'],
    ],
    [
      '1000: trigger 1 periodic',
      '1900: write 1',
      '1900: complete 1 periodic',
      '6900: trigger 2 periodic',
    ],
  ],
  [
    'what is tolerated is asked at the next failure',
    { failuresTolerated: 5 },
    [
      [0, 'running'],
      [1000, 'tick'],
      [1001, 'decline', 1, 0],
      [2000, 'tick'],
      [2001, 'decline', 2, 0],
      [2002, 'change', { failuresTolerated: 1 }],
      [3000, 'tick'],
      [3001, 'decline', 3, 0],
    ],
    [
      '1000: trigger 1 periodic',
      '1001: abort 1 CHECKPOINT_DECLINED',
      '2000: trigger 2 periodic',
      '2001: abort 2 CHECKPOINT_DECLINED',
      '3000: trigger 3 periodic',
      '3001: abort 3 CHECKPOINT_DECLINED',
      '3001: fail the job CHECKPOINT_DECLINED',
    ],
  ],
  [
    'failures that nobody counted are forgotten',
    { failuresTolerated: 1 },
    [
      [0, 'running'],
      [1000, 'tick'],
      [1001, 'decline', 1, 0],
      [1002, 'change', { failuresTolerated: undefined }],
      [1003, 'change', { failuresTolerated: 1 }],
      [2000, 'tick'],
      [2001, 'decline', 2, 0],
    ],
    [
      '1000: trigger 1 periodic',
      '1001: abort 1 CHECKPOINT_DECLINED',
      '2000: trigger 2 periodic',
      '2001: abort 2 CHECKPOINT_DECLINED',
    ],
  ],
  [
    'fewer are retained once the next is complete',
    { retained: 3, alreadyRetained: [1, 2, 3], firstId: 4 },
    [[0, 'running'], [500, 'change', { retained: 1 }], [1000, 'tick'], ...completing(4, 1100)],
    [
      '1000: trigger 4 periodic',
      '1100: write 4',
      '1100: complete 4 periodic',
      '1100: delete 1',
      '1100: delete 2',
      '1100: delete 3',
    ],
  ],
  [
    'how a checkpoint is to be taken goes with its trigger',
    {},
    [
      [0, 'running'],
      [1000, 'tick'],
      [1001, 'change', { rules: rules('unaligned', 30), concurrentMax: 2 }],
      [2000, 'tick'],
      [2001, 'change', { rules: rules('at-least-once', 0), concurrentMax: 3 }],
      [3000, 'tick'],
    ],
    [
      '1000: trigger 1 periodic',
      '2000: trigger 2 periodic unaligned after 30',
      '3000: trigger 3 periodic at-least-once after 0',
    ],
  ],
])('%s', (_, scenario, steps, seen) => {
  // A change says all: what the scenario has stays.
  const { firstId: _id, alreadyRetained: _kept, ...initial } = scenario
  const all = steps.map(
    (step): Step =>
      step[1] === 'change' ? [step[0], 'change', { ...settings, ...initial, ...step[2] }] : step,
  )
  expect(play(scenario, all)).toEqual(seen)
})

function rules(kind: 'unaligned' | 'at-least-once', alignedTimeoutMs: number) {
  return { kind, alignedTimeoutMs, channelStateBytesMax: 0 }
}

test('the timer is asked for anew', () => {
  const steps: Step[] = [
    [0, 'running'],
    [100, 'change', { intervalMs: 300 }],
    [200, 'change', { intervalMs: undefined }],
  ]
  expect(wakes({}, steps)).toEqual(['0: wake at 1000', '100: wake at 300', '200: wake at Infinity'])
})
