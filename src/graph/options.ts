/**
 * Every option of a job in one table: Flink's key, the short path, how it is read, its default.
 * docs/options.md is held against this table by a test.
 */
import { limits } from '../base/limits.ts'
import { checkpointOptions } from './checkpoint-options.ts'
import { debloatOptions } from './debloat-options.ts'

/** The options of a job, checked, with defaults filled in. Frozen plain data. */
export interface JobOptions {
  /** Subtasks of operators that set no parallelism of their own. */
  readonly parallelism: number
  /** Undefined: from each operator's parallelism, as in Flink. */
  readonly maxParallelism: number | undefined
  /** No option: see `ChainOptions`. */
  readonly adoptedMaxParallelism?: Readonly<Record<string, number>> | undefined
  readonly chaining: boolean
  readonly autoWatermarkIntervalMs: number
  readonly bufferTimeoutMs: number
  /** Undefined: chosen for each input gate from its number of channels. */
  readonly segmentBytes: number | undefined
  /** Undefined: chosen for each input gate from its number of channels. */
  readonly segmentsPerChannel: number | undefined
  readonly recordBytesMax: number
  readonly overdraftBytesMax: number
  /** Undefined: from the machine's memory and the number of tasks. */
  readonly heapBytes: number | undefined
  readonly cancellationTimeoutMs: number
  readonly development: boolean
  readonly debloat: boolean
  readonly debloatTargetMs: number
  readonly debloatPeriodMs: number
  readonly debloatSamples: number
  readonly debloatThresholdPercent: number
  /** Undefined: only when asked, and at the end. */
  readonly checkpointIntervalMs: number | undefined
  readonly checkpointMode: 'exactly-once' | 'at-least-once'
  readonly checkpointUnaligned: boolean
  /** From the trigger on; 0: unaligned at once. */
  readonly checkpointAlignedTimeoutMs: number
  readonly checkpointChannelStateBytesMax: number
  readonly checkpointTimeoutMs: number
  readonly checkpointMinPauseMs: number
  readonly checkpointsConcurrentMax: number
  /** Undefined: any number. */
  readonly checkpointFailuresTolerated: number | undefined
  /** What becomes of the checkpoints of a job that is cancelled, or fails for good. */
  readonly checkpointRetention:
    | 'no-externalized-checkpoints'
    | 'delete-on-cancellation'
    | 'retain-on-cancellation'
  readonly checkpointsRetained: number
  /** The job's checkpoint directory. Undefined: checkpoints are kept in memory. */
  readonly checkpointDirectory: string | undefined
  /** Snappy, a key group at a time. */
  readonly checkpointCompression: boolean
  /** Keyed state of a task below this goes into the metadata. */
  readonly checkpointInlineBytesMax: number
  readonly checkpointHistorySize: number
  /** 'latest', 'none' or the path of a checkpoint; undefined is 'none'. */
  readonly restore: string | undefined
  readonly ignoreUnclaimedState: boolean
  readonly acceptDuplicates: boolean
  /** Undefined: fixed delay where checkpoints are taken, none otherwise. */
  readonly restartStrategy: 'none' | 'fixed-delay' | undefined
  readonly restartAttempts: number
  readonly restartDelayMs: number
}

export type OptionKind = 'duration' | 'size' | 'int' | 'boolean' | 'enum' | 'path'

export interface OptionEntry {
  /** Flink's key, or one in its manner where Flink has none. */
  readonly key: string
  /** The short path, for option objects and `-D`. */
  readonly path: string
  /** Where the value is found in `JobOptions`. */
  readonly field: keyof JobOptions
  readonly kind: OptionKind
  /** It may be changed while the job runs. */
  readonly changes?: true
  /** As a user would write it; undefined where `defaultText` says how it is chosen. */
  readonly default: string | number | boolean | undefined
  readonly defaultText?: string
  /** Older or longer names that mean the same. */
  readonly aliases: readonly string[]
  readonly description: string
  /** Bounds, both included: milliseconds, bytes or the number itself. */
  readonly min?: number
  readonly max?: number
  /** What an enum may be, as `JobOptions` has it. */
  readonly choices?: readonly string[]
  /** Other words for the choices of an enum. */
  readonly spellings?: Readonly<Record<string, string>>
  /** What Flink's users may choose there and not here. */
  readonly notYet?: readonly string[]
  /** What is no path where a path is expected. */
  readonly words?: readonly string[]
}

const HOUR_MS = 3_600_000
const MEBIBYTE = 1 << 20

/** The table. Order is that of docs/options.md. */
export const optionTable: readonly OptionEntry[] = [
  {
    key: 'parallelism.default',
    path: 'parallelism',
    field: 'parallelism',
    kind: 'int',
    default: 1,
    aliases: [],
    description: 'Subtasks of every operator that sets no parallelism of its own.',
    min: 1,
    max: limits.parallelismMax,
  },
  {
    key: 'pipeline.max-parallelism',
    path: 'maxParallelism',
    field: 'maxParallelism',
    kind: 'int',
    default: undefined,
    defaultText: '1.5 times the parallelism, rounded up to a power of two, at least 128',
    aliases: [],
    description: 'Key groups: the most subtasks keyed state can ever be spread over.',
    min: 1,
    max: limits.maxParallelismMax,
  },
  {
    key: 'pipeline.operator-chaining.enabled',
    path: 'chaining',
    field: 'chaining',
    kind: 'boolean',
    default: true,
    aliases: ['pipeline.operator-chaining'],
    description: 'Operators without an exchange between them run in one thread.',
  },
  {
    key: 'pipeline.auto-watermark-interval',
    path: 'autoWatermarkInterval',
    field: 'autoWatermarkIntervalMs',
    kind: 'duration',
    default: '20 ms',
    aliases: [],
    description: 'How often watermarks are sent on. Flink waits 200 ms.',
    min: 1,
    max: HOUR_MS,
  },
  {
    key: 'execution.buffer-timeout.interval',
    path: 'bufferTimeout',
    field: 'bufferTimeoutMs',
    kind: 'duration',
    default: '5 ms',
    aliases: ['execution.buffer-timeout'],
    description:
      'The longest a record waits for its page to fill; 0 sends each at once. Flink: 100 ms.',
    min: 0,
    max: HOUR_MS,
  },
  {
    key: 'taskmanager.memory.segment-size',
    path: 'segmentSize',
    field: 'segmentBytes',
    kind: 'size',
    default: undefined,
    defaultText: 'chosen for each input gate from its number of channels',
    aliases: [],
    description: 'Bytes of one segment of a ring, rounded up to a power of two.',
    min: limits.segmentBytesMin,
    max: limits.segmentBytesMax,
  },
  {
    key: 'taskmanager.network.memory.buffers-per-channel',
    path: 'buffersPerChannel',
    field: 'segmentsPerChannel',
    kind: 'int',
    default: undefined,
    defaultText: 'chosen for each input gate from its number of channels',
    aliases: [],
    description: 'Segments of one ring: the credit of a channel.',
    min: limits.channelSegmentsMin,
    max: limits.channelSegmentsMax,
  },
  {
    key: 'pipeline.record-bytes-max',
    path: 'recordBytesMax',
    field: 'recordBytesMax',
    kind: 'size',
    default: '32 mb',
    aliases: [],
    description: 'The largest record, encoded; a larger one fails the job.',
    min: limits.segmentBytesMin,
    max: 1024 * MEBIBYTE,
  },
  {
    key: 'pipeline.overdraft-bytes-max',
    path: 'overdraftBytesMax',
    field: 'overdraftBytesMax',
    kind: 'size',
    default: '64 mb',
    aliases: [],
    description: 'How far one call of a function may write ahead of a slow consumer, per task.',
    min: limits.segmentBytesMin,
    max: 1024 * MEBIBYTE,
  },
  {
    key: 'task.heap.size',
    path: 'heapSize',
    field: 'heapBytes',
    kind: 'size',
    default: undefined,
    defaultText: "from the machine's memory and the number of tasks",
    aliases: ['taskmanager.memory.task.heap.size'],
    description: 'The limit of each task thread for long-lived objects.',
    min: 16 * MEBIBYTE,
    max: 1024 * 1024 * MEBIBYTE,
  },
  {
    key: 'task.cancellation.timeout',
    path: 'cancellationTimeout',
    field: 'cancellationTimeoutMs',
    kind: 'duration',
    default: '3 s',
    aliases: [],
    description: 'How long a cancelled task may take before its thread is ended. Flink: 180 s.',
    min: 0,
    max: HOUR_MS,
  },
  {
    key: 'development',
    path: 'development',
    field: 'development',
    kind: 'boolean',
    default: false,
    aliases: [],
    description: 'Finds mistakes that would show only later, at some cost.',
  },
  ...debloatOptions,
  ...checkpointOptions,
]
