/**
 * Whether the options of a job's checkpoints may be changed now, and what they are then.
 * Threads: any; a pure function of facts.
 */
import { SluiceError } from '../base/errors.ts'
import type { OptionsChange } from '../graph/change-options.ts'
import { changeOptions } from '../graph/change-options.ts'
import type { JobOptions } from '../graph/options.ts'

export interface UpdateFacts {
  /** No checkpoint is triggered any more. */
  readonly isOver: boolean
  /** The job's tasks were started to take checkpoints. */
  readonly isEnabled: boolean
  readonly options: JobOptions
  /** As the user gave it. */
  readonly change: unknown
}

/** Throws JOB_ENDED, CHECKPOINTS_DISABLED, and what `changeOptions` does. */
export function decideUpdate({ isOver, isEnabled, options, change }: UpdateFacts): OptionsChange {
  if (isOver) {
    throw new SluiceError('JOB_ENDED', 'the job takes no checkpoint any more: it has ended', {
      hint: 'give the options to the next start of the job',
    })
  }
  if (!isEnabled) {
    throw new SluiceError('CHECKPOINTS_DISABLED', 'the job was started without checkpoints', {
      hint:
        'start it with checkpoints: { dir }, which takes them only when asked for, ' +
        'or with { interval }',
    })
  }
  return changeOptions(options, change)
}
