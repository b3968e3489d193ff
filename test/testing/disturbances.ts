/** Random ways to run a stateful job, and what it gave as sorted lines. */
import fc from 'fast-check'
import { type InlineOptions, type InlineResult, runInline } from '../../src/testing/index.ts'
import {
  collectedBy,
  type Item,
  numberOf,
  type Stage,
  type StatefulArgs,
  statefulJob,
} from './stateful-job.ts'

const kind = <K extends string>(...kinds: readonly K[]) => fc.constantFrom(...kinds)
const upTo = (max: number) => fc.integer({ min: 1, max })

/** Stages whose results hang on no watermark, whatever lies before them. */
const plainStage: fc.Arbitrary<Stage> = fc.oneof(
  fc.record({ kind: kind('lists', 'entries', 'numbers'), set: fc.boolean() }),
  fc.record({
    kind: kind('queue', 'seldom', 'received', 'twice', 'aggregate', 'sides', 'rebalance'),
  }),
  fc.record({ kind: kind('reduce'), how: kind('change', 'make', 'take') }),
)
/** Without late records they give the same wherever watermarks come. */
const timelyStage: fc.Arbitrary<Stage> = fc.oneof(
  fc.record({ kind: kind('reminders'), inMs: upTo(200) }),
  fc.record({
    kind: kind('windows'),
    sizeMs: upTo(300),
    latenessMs: fc.constantFrom(0, 100),
    hold: kind('aggregates', 'records', 'custom'),
  }),
)
const debounce: fc.Arbitrary<Stage> = fc.record({ kind: kind('debounce'), inMs: upTo(60) })

/** The same jobs with keys of any kind. */
export function named(jobs: fc.Arbitrary<StatefulArgs>): fc.Arbitrary<StatefulArgs> {
  return fc
    .tuple(jobs, kind('texts', 'slices', 'long', 'wide', 'mixed'))
    .map(([args, keyKind]) => ({ ...args, keyKind }))
}

const input = {
  records: upTo(90),
  keys: upTo(5),
  batch: upTo(9),
  splits: upTo(3),
  disorderMs: fc.integer({ min: 0, max: 150 }),
}

/** In one subtask each: records come late, and timers fire as watermarks come. */
export const jobsInOrder: fc.Arbitrary<StatefulArgs> = fc.record({
  ...input,
  outOfOrderMs: fc.integer({ min: 0, max: 150 }),
  stages: fc.array(fc.oneof(plainStage, timelyStage, debounce), { minLength: 1, maxLength: 4 }),
})

/** Each stage but the last sees keys alone. */
const staged = fc
  .record({
    ...input,
    timely: fc.option(timelyStage),
    stages: fc.array(plainStage, { minLength: 1, maxLength: 3 }),
  })
  .map(({ timely, stages, ...rest }) => {
    return { ...rest, stages: timely === null ? stages : [...stages, timely] }
  })

/** For any parallelism: no record is late. */
export const jobsOfKeys: fc.Arbitrary<StatefulArgs> = staged.map((job) => ({
  ...job,
  // A subtask reads one split after the other, each from the beginning of time.
  outOfOrderMs: job.splits === 1 ? job.disorderMs : 1e6,
}))

/** No record is late as long as there are as many subtasks as splits. */
export const jobsOfSplits: fc.Arbitrary<StatefulArgs> = staged.map((job) => ({
  ...job,
  outOfOrderMs: job.disorderMs,
}))

const counts = (max: number) => fc.array(upTo(max), { maxLength: 3 })

const how = {
  seed: fc.nat(),
  checkpoints: fc
    .record({ records: fc.boolean(), every: upTo(30), maxConcurrent: upTo(4) })
    .map(({ records, every, maxConcurrent }) =>
      records ? { everyRecords: every, maxConcurrent } : { everySteps: every, maxConcurrent },
    ),
  config: fc.record({
    chaining: fc.boolean(),
    segmentSize: fc.constantFrom('256 b', '32 kb'),
    'checkpoints.inlineThreshold': fc.constantFrom('0 b', '20 kb'),
    'checkpoints.compression': fc.boolean(),
    recordBytesMax: fc.constant('1 mb'),
  }),
}

/** Steps in any order, checkpoints at any moment. */
export const disturbed: fc.Arbitrary<InlineOptions> = fc.record(how)

const crashes = {
  afterRecords: counts(120),
  afterSteps: counts(300),
  afterCheckpoints: counts(8),
}

/** Crashes at any moment. */
export const crashing: fc.Arbitrary<InlineOptions> = fc.record({
  ...how,
  crashes: fc.record(crashes),
})

/** The same, at a parallelism that changes. */
export const rescaling: fc.Arbitrary<InlineOptions> = fc.record({
  ...how,
  parallelism: upTo(3),
  crashes: fc.record({ ...crashes, parallelism: fc.array(upTo(4), { maxLength: 4 }) }),
})

/** All that the job gives, in an order of its own. */
export async function outcome(args: StatefulArgs, options: InlineOptions = {}) {
  const result = await runInline(statefulJob, { ...options, args: { ...args } })
  return { result, lines: linesOf(args, result) }
}

function linesOf(args: StatefulArgs, { rows }: InlineResult): readonly string[] {
  return ['items', ...collectedBy(args)].flatMap((name) =>
    rows(name)
      .map(
        (row) =>
          `${name}: ${JSON.stringify({ ...(row as Item), key: numberOf((row as Item).key) })}`,
      )
      .sort(),
  )
}
