/**
 * Options that a user of Flink may try and that Sluice does not have yet: an unknown option, but no
 * misspelt one.
 */

/** Keys, and beginnings of keys that end in a dot. */
const absent = [
  'execution.checkpointing.unaligned.',
  'execution.checkpointing.interval-during-backlog',
  'execution.checkpointing.incremental',
  'execution.checkpointing.savepoint-dir',
  'execution.checkpointing.local-backup.',
  'execution.checkpointing.file-merging.',
  'execution.state-recovery.claim-mode',
  'execution.state-recovery.from-local',
  'execution.state-recovery.without-channel-state.',
  'execution.savepoint-restore-mode',
  'restart-strategy.exponential-delay.',
  'restart-strategy.failure-rate.',
  'state.backend',
  'state.backend.',
  'state.savepoints.dir',
]

/** Options of Flink that have nothing to decide here, and why. */
const needless: Readonly<Record<string, string>> = {
  'execution.checkpointing.checkpoints-after-tasks-finish':
    'checkpoints are always taken after tasks have finished, too',
  'execution.checkpointing.create-subdir': 'checkpoints.dir is the own directory of one job',
  'execution.checkpointing.storage': 'checkpoints lie in checkpoints.dir, and in memory without it',
  'state.checkpoint-storage': 'checkpoints lie in checkpoints.dir, and in memory without it',
}

/** Why Sluice does not know this key of Flink's; undefined where Flink's is not known either. */
export function flinkOptionHint(key: string): string | undefined {
  if (Object.hasOwn(needless, key)) return needless[key]
  const known = absent.some((one) => (one.endsWith('.') ? key.startsWith(one) : key === one))
  return known ? 'Flink has it; Sluice does not have it yet' : undefined
}
