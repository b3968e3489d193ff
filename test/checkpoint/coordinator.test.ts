import { expect, test } from 'vitest'
import { completing, play, type Step, wakes } from './coordinator-script.ts'

test('the first comes an interval after all tasks run, the next an interval later', () => {
  expect(
    play({}, [
      [50, 'running'],
      [1049, 'tick'],
      [1050, 'tick'],
      ...completing(1, 1100),
      [2050, 'tick'],
    ]),
  ).toEqual([
    '1050: trigger 1 periodic',
    '1100: write 1',
    '1100: complete 1 periodic',
    '2050: trigger 2 periodic',
  ])
})

test('without an interval there is no periodic checkpoint', () => {
  const scenario = { intervalMs: undefined }
  expect(
    play(scenario, [
      [0, 'running'],
      [9_999_999, 'tick'],
    ]),
  ).toEqual([])
  expect(wakes(scenario, [[0, 'running']])).toEqual([])
})

test('ticks that were missed do not pile up', () => {
  expect(
    play({}, [
      [0, 'running'],
      [5500, 'tick'],
      ...completing(1, 5600),
      [6000, 'tick'],
      [6500, 'tick'],
    ]),
  ).toEqual([
    '5500: trigger 1 periodic',
    '5600: write 1',
    '5600: complete 1 periodic',
    '6500: trigger 2 periodic',
  ])
})

test('a checkpoint that takes longer than the interval is followed at once', () => {
  expect(
    play({}, [[0, 'running'], [1000, 'tick'], [2000, 'tick'], ...completing(1, 2500)]),
  ).toEqual([
    '1000: trigger 1 periodic',
    '2500: write 1',
    '2500: complete 1 periodic',
    '2500: trigger 2 periodic',
  ])
})

test('the pause is counted from the completion, not from a failure', () => {
  const scenario = { minPauseMs: 800 }
  expect(wakes(scenario, [[0, 'running'], [1000, 'tick'], ...completing(1, 1900)]).at(-1)).toBe(
    '1900: wake at 2700',
  )
  expect(
    play(scenario, [
      [0, 'running'],
      [1000, 'tick'],
      [2100, 'decline', 1, 0],
    ]),
  ).toEqual([
    '1000: trigger 1 periodic',
    '2100: abort 1 CHECKPOINT_DECLINED',
    '2100: trigger 2 periodic',
  ])
})

test('a timer is asked for the trigger, then for the expiry, and taken back at the end', () => {
  expect(
    wakes({ timeoutMs: 5000 }, [
      [0, 'running'],
      [999, 'tick'],
      [1000, 'tick'],
      [1500, 'request', 1],
      [1600, 'decline', 1, 0],
      [1700, 'restart'],
    ]),
  ).toEqual([
    '0: wake at 1000',
    '999: wake at 1000',
    '1000: wake at 6000',
    '1600: wake at 6600',
    '1700: wake at Infinity',
  ])
})

test('one that is being published counts as pending and does not expire', () => {
  expect(
    play({ timeoutMs: 3000 }, [
      [0, 'running'],
      [1000, 'tick'],
      [1100, 'ack', 1, 0],
      [1100, 'ack', 1, 1],
      [9000, 'tick'],
      [9500, 'published', 1],
    ]),
  ).toEqual([
    '1000: trigger 1 periodic',
    '1100: write 1',
    '9500: complete 1 periodic',
    '9500: trigger 2 periodic',
  ])
})

test('several may be pending, up to the limit', () => {
  expect(
    play({ concurrentMax: 2 }, [
      [0, 'running'],
      [1000, 'tick'],
      [2000, 'tick'],
      [3000, 'tick'],
      [3100, 'decline', 1, 0],
    ]),
  ).toEqual([
    '1000: trigger 1 periodic',
    '2000: trigger 2 periodic',
    '3100: abort 1 CHECKPOINT_DECLINED',
    '3100: trigger 3 periodic',
  ])
})

test('what somebody asks for is taken at once, and the periodic ones go on as before', () => {
  expect(
    play({}, [[0, 'running'], [300, 'request', 7], ...completing(1, 400), [1000, 'tick']]),
  ).toEqual([
    '300: trigger 1 manual',
    '300: attach request 7 to 1',
    '400: write 1',
    '400: complete 1 manual',
    '1000: trigger 2 periodic',
  ])
})

test('requests wait for their turn in the order of asking, before a periodic one', () => {
  expect(
    play({}, [
      [0, 'running'],
      [1000, 'tick'],
      [1200, 'request', 1],
      [1300, 'request', 2],
      ...completing(1, 2500),
      [2600, 'decline', 2, 0],
    ]),
  ).toEqual([
    '1000: trigger 1 periodic',
    '2500: write 1',
    '2500: complete 1 periodic',
    '2500: trigger 2 manual',
    '2500: attach request 1 to 2',
    '2600: abort 2 CHECKPOINT_DECLINED',
    '2600: trigger 3 manual',
    '2600: attach request 2 to 3',
  ])
})

test('requests are refused where nothing can be triggered', () => {
  expect(play({}, [[0, 'request', 1]])).toEqual([
    '0: refuse request 1 NOT_ALL_REQUIRED_TASKS_RUNNING',
  ])
  expect(
    play({}, [
      [0, 'running'],
      [1, 'restart'],
      [2, 'request', 1],
    ]),
  ).toEqual(['2: refuse request 1 NOT_ALL_REQUIRED_TASKS_RUNNING'])
  expect(
    play({}, [
      [0, 'running'],
      [1, 'shutdown'],
      [2, 'request', 1],
    ]),
  ).toEqual(['2: refuse request 1 CHECKPOINT_COORDINATOR_SHUTDOWN'])
})

test('a thousand requests may wait', () => {
  const asked = Array.from({ length: 1002 }, (_, i): Step => [1100, 'request', i])
  const lines = play({}, [[0, 'running'], [1000, 'tick'], ...asked])
  expect(lines).toEqual([
    '1000: trigger 1 periodic',
    '1100: refuse request 1000 TOO_MANY_CHECKPOINT_REQUESTS',
    '1100: refuse request 1001 TOO_MANY_CHECKPOINT_REQUESTS',
  ])
})

test.each([
  ['restart', 'CHECKPOINT_COORDINATOR_SUSPEND'],
  ['shutdown', 'CHECKPOINT_COORDINATOR_SHUTDOWN'],
] as const)('a %s aborts what is pending and refuses what waits', (stop, reason) => {
  expect(
    play({ failuresTolerated: 0 }, [
      [0, 'running'],
      [1000, 'tick'],
      [1100, 'request', 5],
      [1200, stop],
      [1300, 'ack', 1, 0],
      [9000, 'tick'],
    ]),
  ).toEqual([
    '1000: trigger 1 periodic',
    `1200: abort 1 ${reason}`,
    `1200: refuse request 5 ${reason}`,
    '1300: discard 1 of task 0',
  ])
})

test('one that is being published when the job stops is aborted once that is settled', () => {
  const until: readonly Step[] = [
    [0, 'running'],
    [1000, 'tick'],
    [1100, 'ack', 1, 0],
    [1100, 'ack', 1, 1],
    [1200, 'restart'],
  ]
  const before = ['1000: trigger 1 periodic', '1100: write 1']
  expect(play({}, [...until, [1300, 'published', 1]])).toEqual([
    ...before,
    '1300: abort 1 CHECKPOINT_COORDINATOR_SUSPEND',
  ])
  expect(play({ failuresTolerated: 0 }, [...until, [1300, 'publish-failed', 1]])).toEqual([
    ...before,
    '1300: abort 1 CHECKPOINT_COORDINATOR_SUSPEND',
  ])
  expect(play({}, [...until, [1300, 'running'], [2300, 'tick'], [2400, 'published', 1]])).toEqual([
    ...before,
    '2400: abort 1 CHECKPOINT_COORDINATOR_SUSPEND',
    '2400: trigger 2 periodic',
  ])
})

test('while an attempt stops nothing begins, and only what is being published completes', () => {
  const until: readonly Step[] = [
    [0, 'running'],
    [1000, 'tick'],
    [1100, 'ack', 1, 0],
    [1100, 'ack', 1, 1],
    [2000, 'tick'],
    [2100, 'ack', 2, 0],
  ]
  const before = ['1000: trigger 1 periodic', '1100: write 1', '2000: trigger 2 periodic']
  const rest: readonly Step[] = [
    [2200, 'stopping'],
    [2300, 'ack', 2, 1],
    [2400, 'published', 1],
    [4000, 'tick'],
    [4100, 'restart'],
  ]
  expect(play({ concurrentMax: 2 }, [...until, ...rest])).toEqual([
    ...before,
    '2400: complete 1 periodic',
    '4100: abort 2 CHECKPOINT_COORDINATOR_SUSPEND',
  ])
})

test('a final one that completes while its attempt stops is followed by another', () => {
  expect(
    play({}, [
      [0, 'running'],
      [10, 'ended', 0],
      [20, 'ended', 1],
      [30, 'ack', 1, 0],
      [40, 'ack', 1, 1],
      [50, 'stopping'],
      [60, 'published', 1],
      [70, 'restart'],
      [100, 'running'],
      [110, 'ended', 0],
      [120, 'ended', 1],
    ]),
  ).toEqual(['20: trigger 1 final', '40: write 1', '60: complete 1 final', '120: trigger 2 final'])
})

test('ids go on over attempts', () => {
  expect(
    play({ firstId: 42 }, [
      [0, 'running'],
      [1000, 'tick'],
      [1100, 'restart'],
      [5000, 'running'],
      [5999, 'tick'],
      [6000, 'tick'],
    ]),
  ).toEqual([
    '1000: trigger 42 periodic',
    '1100: abort 42 CHECKPOINT_COORDINATOR_SUSPEND',
    '6000: trigger 43 periodic',
  ])
})

test('a second acknowledgement is ignored, one of a stranger or come too late is discarded', () => {
  expect(
    play({ retained: 1 }, [
      [0, 'running'],
      [1000, 'tick'],
      [1010, 'ack', 1, 0],
      [1020, 'ack', 1, 0],
      [1030, 'ack', 1, 9],
      [1040, 'ack', 9, 0],
      [1050, 'ack', 1, 1],
      [1060, 'ack', 1, 1],
      [1070, 'published', 1],
      [1080, 'ack', 1, 1],
      [2000, 'tick'],
      [2010, 'decline', 2, 1],
      [2020, 'decline', 2, 0],
      [2030, 'ack', 2, 0],
    ]),
  ).toEqual([
    '1000: trigger 1 periodic',
    '1030: discard 1 of task 9',
    '1040: discard 9 of task 0',
    '1050: write 1',
    '1070: complete 1 periodic',
    '2000: trigger 2 periodic',
    '2010: abort 2 CHECKPOINT_DECLINED',
    '2030: discard 2 of task 0',
  ])
})

test('a decline keeps its reason', () => {
  expect(
    play({}, [
      [0, 'running'],
      [1000, 'tick'],
      [1100, 'decline', 1, 0, 'IO_EXCEPTION'],
    ]),
  ).toContain('1100: abort 1 IO_EXCEPTION')
})

test('one that is not acknowledged in time expires', () => {
  expect(
    play({ timeoutMs: 500, intervalMs: 10_000 }, [
      [0, 'running'],
      [10_000, 'tick'],
      [10_100, 'ack', 1, 0],
      [10_499, 'tick'],
      [10_500, 'tick'],
      [10_600, 'ack', 1, 1],
    ]),
  ).toEqual([
    '10000: trigger 1 periodic',
    '10500: abort 1 CHECKPOINT_EXPIRED',
    '10600: discard 1 of task 1',
  ])
})

test('the last acknowledgement counts if it is heard of before the timer', () => {
  expect(
    play({ timeoutMs: 500, intervalMs: 10_000 }, [
      [0, 'running'],
      [10_000, 'tick'],
      [10_100, 'ack', 1, 0],
      [10_700, 'ack', 1, 1],
    ]).at(-1),
  ).toBe('10700: write 1')
})

test('a completed checkpoint subsumes older ones', () => {
  expect(
    play({ concurrentMax: 3 }, [
      [0, 'running'],
      [1000, 'tick'],
      [2000, 'tick'],
      [3000, 'tick'],
      ...completing(2, 3100),
      [3200, 'ack', 1, 0],
    ]),
  ).toEqual([
    '1000: trigger 1 periodic',
    '2000: trigger 2 periodic',
    '3000: trigger 3 periodic',
    '3100: write 2',
    '3100: complete 2 periodic',
    '3100: abort 1 CHECKPOINT_SUBSUMED',
    '3200: discard 1 of task 0',
  ])
})

test.each(['published', 'publish-failed'] as const)(
  'an older one that is being published is subsumed as soon as it is %s',
  (outcome) => {
    expect(
      play({ concurrentMax: 2, failuresTolerated: 0 }, [
        [0, 'running'],
        [1000, 'tick'],
        [2000, 'tick'],
        [2100, 'ack', 1, 0],
        [2100, 'ack', 1, 1],
        ...completing(2, 2200),
        [2300, outcome, 1],
      ]),
    ).toEqual([
      '1000: trigger 1 periodic',
      '2000: trigger 2 periodic',
      '2100: write 1',
      '2200: write 2',
      '2200: complete 2 periodic',
      '2300: abort 1 CHECKPOINT_SUBSUMED',
    ])
  },
)

test('as many as wanted are retained, those of an earlier run included', () => {
  expect(
    play({ retained: 2, firstId: 9, alreadyRetained: [8, 5, 7] }, [
      [0, 'running'],
      [1000, 'tick'],
      ...completing(9, 1100),
      [2000, 'tick'],
      ...completing(10, 2100),
    ]).filter((line) => line.includes('delete')),
  ).toEqual(['1100: delete 5', '1100: delete 7', '2100: delete 8'])
})

test('more failures in a row than are tolerated fail the job, and nothing is triggered', () => {
  expect(
    play({ failuresTolerated: 1 }, [
      [0, 'running'],
      [1000, 'tick'],
      [1100, 'decline', 1, 0],
      [2000, 'tick'],
      [2100, 'ack', 2, 0],
      [2100, 'ack', 2, 1],
      [2200, 'publish-failed', 2],
      [2300, 'request', 1],
      [9000, 'tick'],
      [9100, 'restart'],
      [9200, 'running'],
      [10_200, 'tick'],
      [10_300, 'decline', 3, 0],
    ]),
  ).toEqual([
    '1000: trigger 1 periodic',
    '1100: abort 1 CHECKPOINT_DECLINED',
    '2000: trigger 2 periodic',
    '2100: write 2',
    '2200: abort 2 FINALIZE_CHECKPOINT_FAILURE',
    '2200: fail the job FINALIZE_CHECKPOINT_FAILURE',
    '2300: refuse request 1 NOT_ALL_REQUIRED_TASKS_RUNNING',
    '10200: trigger 3 periodic',
    '10300: abort 3 CHECKPOINT_DECLINED',
  ])
})

test('a success starts the count of failures anew', () => {
  expect(
    play({ failuresTolerated: 1 }, [
      [0, 'running'],
      [1000, 'tick'],
      [1100, 'decline', 1, 0],
      [2000, 'tick'],
      ...completing(2, 2100),
      [3000, 'tick'],
      [3100, 'decline', 3, 0],
    ]).filter((line) => line.includes('fail')),
  ).toEqual([])
})

const bothEnded: readonly Step[] = [
  [0, 'running'],
  [100, 'ended', 0],
  [200, 'ended', 1],
]

test('when all tasks have ended, one checkpoint ends the job', () => {
  expect(
    play({ minPauseMs: 5000 }, [
      ...bothEnded,
      ...completing(1, 300),
      [5000, 'tick'],
      [5000, 'request', 1],
    ]),
  ).toEqual([
    '200: trigger 1 final',
    '300: write 1',
    '300: complete 1 final',
    '300: finish',
    '5000: refuse request 1 CHECKPOINT_COORDINATOR_SHUTDOWN',
  ])
})

test('the final checkpoint waits for no other, and older ones may still complete', () => {
  expect(
    play({}, [
      [0, 'running'],
      [10, 'request', 1],
      [100, 'ended', 0],
      [200, 'ended', 1],
      ...completing(1, 300),
      ...completing(2, 400),
    ]),
  ).toEqual([
    '10: trigger 1 manual',
    '10: attach request 1 to 1',
    '200: trigger 2 final',
    '300: write 1',
    '300: complete 1 manual',
    '400: write 2',
    '400: complete 2 final',
    '400: delete 1',
    '400: finish',
  ])
})

test('who asks near the end gets the final checkpoint', () => {
  expect(
    play({}, [
      [0, 'running'],
      [10, 'request', 1],
      [20, 'request', 2],
      [30, 'request', 3],
      [100, 'ended', 0],
      [200, 'ended', 1],
      [250, 'request', 4],
    ]),
  ).toEqual([
    '10: trigger 1 manual',
    '10: attach request 1 to 1',
    '200: trigger 2 final',
    '200: attach request 2 to 2',
    '200: attach request 3 to 2',
    '250: attach request 4 to 2',
  ])
})

test.each([
  [undefined, 1300],
  [900, 1300],
  [4000, 4300],
  [3_600_000, 10_300],
])(
  'a final checkpoint that failed, with an interval of %s ms, comes again at %s',
  (intervalMs, atMs) => {
    const steps: readonly Step[] = [...bothEnded, [300, 'decline', 1, 0]]
    expect(wakes({ intervalMs }, steps).at(-1)).toBe(`300: wake at ${atMs}`)
    expect(play({ intervalMs }, [...steps, [atMs, 'tick']]).at(-1)).toBe(`${atMs}: trigger 2 final`)
  },
)

test('who asks after a final checkpoint failed gets the next one at once', () => {
  expect(play({}, [...bothEnded, [300, 'decline', 1, 0], [400, 'request', 1]])).toEqual([
    '200: trigger 1 final',
    '300: abort 1 CHECKPOINT_DECLINED',
    '400: trigger 2 final',
    '400: attach request 1 to 2',
  ])
})

test('a task may end before the coordinator hears that all run', () => {
  expect(
    play({}, [
      [0, 'ended', 0],
      [5, 'running'],
      [10, 'ended', 1],
    ]),
  ).toEqual(['10: trigger 1 final'])
})

test('a job whose last output could not be committed may start again after its final one', () => {
  expect(
    play({}, [
      ...bothEnded,
      ...completing(1, 300),
      [400, 'restart'],
      [500, 'running'],
      [600, 'ended', 0],
      [600, 'ended', 1],
      ...completing(2, 700),
      [800, 'shutdown'],
    ]).slice(-5),
  ).toEqual([
    '600: trigger 2 final',
    '700: write 2',
    '700: complete 2 final',
    '700: delete 1',
    '700: finish',
  ])
})

test('a final one of an earlier attempt that is still being published holds nobody up', () => {
  expect(
    play({}, [
      ...bothEnded,
      [300, 'ack', 1, 0],
      [300, 'ack', 1, 1],
      [400, 'restart'],
      [500, 'running'],
      [600, 'ended', 0],
      [600, 'ended', 1],
      [650, 'request', 1],
      [700, 'published', 1],
      ...completing(2, 800),
    ]),
  ).toEqual([
    '200: trigger 1 final',
    '300: write 1',
    '600: trigger 2 final',
    '650: attach request 1 to 2',
    '700: abort 1 CHECKPOINT_COORDINATOR_SUSPEND',
    '800: write 2',
    '800: complete 2 final',
    '800: finish',
  ])
})

test('while an attempt ends none is begun, and nobody is answered', () => {
  expect(
    play({}, [
      [0, 'running'],
      [1000, 'tick'],
      [1100, 'stopping'],
      [1200, 'request', 7],
      [5000, 'tick'],
      [5001, 'restart'],
      [6000, 'running'],
      [7000, 'tick'],
    ]),
  ).toEqual([
    '1000: trigger 1 periodic',
    '1200: refuse request 7 NOT_ALL_REQUIRED_TASKS_RUNNING',
    '5001: abort 1 CHECKPOINT_COORDINATOR_SUSPEND',
    '7000: trigger 2 periodic',
  ])
})

test('a final checkpoint that completes while the attempt fails does not finish the job', () => {
  const scenario = { failuresTolerated: 0, concurrentMax: 2 }
  expect(
    play(scenario, [
      [0, 'running'],
      [1000, 'tick'],
      [1100, 'ended', 0],
      [1100, 'ended', 1],
      [1200, 'ack', 2, 0],
      [1200, 'ack', 2, 1],
      [1300, 'decline', 1, 0],
      [1400, 'published', 2],
      [1500, 'restart'],
    ]),
  ).toEqual([
    '1000: trigger 1 periodic',
    '1100: trigger 2 final',
    '1200: write 2',
    '1300: abort 1 CHECKPOINT_DECLINED',
    '1300: fail the job CHECKPOINT_DECLINED',
    '1400: complete 2 final',
  ])
})
