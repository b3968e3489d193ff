/**
 * `job.checkpointing`: by which options the checkpoints of a running job are taken, and how a
 * program changes them.
 * Threads: main.
 */
import type { Logger } from '../base/log.ts'
import { settingsOf } from '../checkpoint/settings.ts'
import type { JobOptions } from '../graph/options.ts'
import type { CheckpointOptions } from './checkpoint-options.ts'
import type { Checkpointing } from './checkpointing.ts'
import type { JobCheckpoints } from './job-checkpoints.ts'
import { decideUpdate } from './update-checkpointing.ts'

/** What of `CheckpointOptions` holds as the job was started. */
type Fixed = 'dir' | 'compression' | 'inlineThreshold' | 'history'

/** What may change while a job runs; `null` stands for the default. */
export type CheckpointingChange = {
  readonly [Name in Exclude<keyof CheckpointOptions, Fixed>]?:
    | CheckpointOptions[Name]
    | null
    | undefined
}

/** With all defaults filled in. Durations are in milliseconds, sizes in bytes. */
export interface CheckpointingOptions {
  /** Undefined: only when asked for, and at the end. */
  readonly interval: number | undefined
  readonly mode: 'exactly-once' | 'at-least-once'
  readonly unaligned: boolean
  readonly alignedTimeout: number
  readonly channelStateBytesMax: number
  readonly timeout: number
  readonly minPause: number
  readonly maxConcurrent: number
  /** Undefined: any number. */
  readonly tolerableFailures: number | undefined
  readonly retention: NonNullable<CheckpointOptions['retention']>
  readonly retained: number
  /** Undefined: they are kept in memory. */
  readonly dir: string | undefined
  readonly compression: boolean
  readonly inlineThreshold: number
  readonly history: number
}

/**
 * How the checkpoints of a running job are taken.
 *
 * @example
 * await job.checkpointing.update({ unaligned: true, alignedTimeout: '1 s' })
 */
export interface JobCheckpointing {
  /** As they are for the next checkpoint. */
  readonly options: CheckpointingOptions
  /**
   * Changes some options, for all checkpoints that are triggered from now on; those under way go on
   * as they were triggered, and a restart keeps what was changed. Resolves with the options that
   * hold then. Rejects, and changes nothing, with BAD_OPTION, BAD_UNIT, UNKNOWN_OPTION,
   * OPTION_FIXED, CHECKPOINTS_DISABLED or JOB_ENDED.
   */
  update(change: CheckpointingChange): Promise<CheckpointingOptions>
}

export interface CheckpointingViewOptions {
  readonly checkpointing: Checkpointing
  /** Absent where no checkpoints are taken. */
  readonly checkpoints: JobCheckpoints | undefined
  readonly isOver: () => boolean
  readonly log: Logger
}

export class CheckpointingView implements JobCheckpointing {
  readonly #options: CheckpointingViewOptions

  constructor(options: CheckpointingViewOptions) {
    this.#options = options
  }

  get options(): CheckpointingOptions {
    return optionsShown(this.#options.checkpointing.options)
  }

  async update(change: CheckpointingChange): Promise<CheckpointingOptions> {
    const { checkpointing, checkpoints, isOver, log } = this.#options
    const { options, changed } = decideUpdate({
      isOver: isOver(),
      isEnabled: checkpoints !== undefined,
      options: checkpointing.options,
      change,
    })
    if (changed.length > 0) {
      checkpointing.change(options)
      checkpoints!.change(settingsOf(options))
      log.info({ options: changed }, 'options of checkpoints changed')
    }
    return this.options
  }
}

function optionsShown(options: JobOptions): CheckpointingOptions {
  return {
    interval: options.checkpointIntervalMs,
    mode: options.checkpointMode,
    unaligned: options.checkpointUnaligned,
    alignedTimeout: options.checkpointAlignedTimeoutMs,
    channelStateBytesMax: options.checkpointChannelStateBytesMax,
    timeout: options.checkpointTimeoutMs,
    minPause: options.checkpointMinPauseMs,
    maxConcurrent: options.checkpointsConcurrentMax,
    tolerableFailures: options.checkpointFailuresTolerated,
    retention: options.checkpointRetention,
    retained: options.checkpointsRetained,
    dir: options.checkpointDirectory,
    compression: options.checkpointCompression,
    inlineThreshold: options.checkpointInlineBytesMax,
    history: options.checkpointHistorySize,
  }
}
