/**
 * What the checkpoint coordinator goes by, from the options of a job.
 */
import type { BarrierRules } from '../channel/barrier.ts'
import type { JobOptions } from '../graph/options.ts'
import type { CheckpointSettings } from './events.ts'

export function settingsOf(options: JobOptions): CheckpointSettings {
  return {
    intervalMs: options.checkpointIntervalMs,
    minPauseMs: options.checkpointMinPauseMs,
    timeoutMs: options.checkpointTimeoutMs,
    concurrentMax: options.checkpointsConcurrentMax,
    failuresTolerated: options.checkpointFailuresTolerated,
    retained: options.checkpointsRetained,
    rules: rulesOf(options),
  }
}

function rulesOf(options: JobOptions): BarrierRules {
  const { checkpointMode: mode, checkpointUnaligned: isUnaligned } = options
  const channelStateBytesMax = options.checkpointChannelStateBytesMax
  if (mode === 'at-least-once' || !isUnaligned) {
    const kind = mode === 'at-least-once' ? mode : 'aligned'
    return { kind, alignedTimeoutMs: 0, channelStateBytesMax }
  }
  const alignedTimeoutMs = options.checkpointAlignedTimeoutMs
  return { kind: 'unaligned', alignedTimeoutMs, channelStateBytesMax }
}
