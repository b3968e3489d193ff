/**
 * Whether a job that failed is started again, and when. A failure that every attempt would meet
 * again is told at once instead: what is wrong with the job, its options or its inputs does not
 * mend itself. What user code throws may.
 * Threads: any; pure functions.
 */
export interface RestartFacts {
  readonly strategy: 'none' | 'fixed-delay'
  /** Restarts, not counting the first start. Infinity: for ever. */
  readonly attemptsMax: number
  readonly delayMs: number
  /** Restarts there were. */
  readonly restarts: number
  /** The code of the failure, where it has one. */
  readonly code?: string | undefined
}

export type RestartDecision =
  | { readonly kind: 'restart'; readonly delayMs: number }
  | { readonly kind: 'fail' }

export function decideRestart(facts: RestartFacts): RestartDecision {
  if (facts.strategy === 'none' || facts.restarts >= facts.attemptsMax) return { kind: 'fail' }
  if (!isWorthRestart(facts.code)) return { kind: 'fail' }
  return { kind: 'restart', delayMs: facts.delayMs }
}

/** Failures that come again at every start, by what is wrong. */
const lasting = {
  job: [
    'JOB_NOT_FOUND',
    'JOB_SYNTAX',
    'JOB_IMPORT_NOT_FOUND',
    'JOB_IMPORT_FAILED',
    'JOB_WITHOUT_DEFAULT_EXPORT',
    'JOB_BUILD_FAILED',
    'BUILD_NOT_SYNCHRONOUS',
    'JOB_NOT_DETERMINISTIC',
    'BAD_JOB',
    'BAD_ARGUMENT',
  ],
  graph: [
    'BAD_AGGREGATE',
    'BAD_CHAINING',
    'BAD_FUNCTION',
    'BAD_KEY',
    'BAD_NAME',
    'BAD_PARALLELISM',
    'BAD_SCHEMA',
    'BAD_STATE',
    'BAD_WINDOW',
    'DUPLICATE_NAME',
    'DUPLICATE_UID',
    'GRAPH_FROZEN',
    'JOB_WITHOUT_SINK',
    'KEY_BY_MISSING',
    'NOTHING_TO_MODIFY',
    'NOT_A_SINK',
    'NOT_A_SOURCE',
    'NOT_A_STREAM',
    'NOT_BEHIND_KEY_BY',
    'SCHEMA_NOT_CONVERTIBLE',
    'STREAM_OF_ANOTHER_JOB',
    'UNDECLARED_OUTPUT',
    'WINDOW_WITHOUT_RESULT',
  ],
  options: [
    'BAD_CONFIG',
    'BAD_OPTION',
    'BAD_UNIT',
    'BAD_USAGE',
    'OPTION_FIXED',
    'TOO_MANY_TASKS',
    'UNKNOWN_OPTION',
  ],
  files: [
    'FILE_NOT_FOUND',
    'NO_INPUT',
    'NOT_PARQUET',
    'PARQUET_DAMAGED',
    'UNKNOWN_COLUMN',
    'RECORD_UNREADABLE',
    'OUTPUT_EXISTS',
    'OUTPUT_NOT_WRITABLE',
  ],
  state: [
    'BLOB_MISSING',
    'CHECKPOINT_DAMAGED',
    'CHECKPOINT_VERSION',
    'OUTPUT_LOST',
    'OUTPUT_OF_ANOTHER_JOB',
    'RESTORE_IN_FLIGHT',
    'RESTORE_KEY',
    'RESTORE_MAX_PARALLELISM',
    'SOURCE_CHANGED',
    'STATE_INCOMPATIBLE',
    'STATE_UNCLAIMED',
  ],
} as const

const lastingCodes: ReadonlySet<string> = new Set(Object.values(lasting).flat())

/** False for a failure that the next attempt would meet again. */
export function isWorthRestart(code: string | undefined): boolean {
  return code === undefined || !lastingCodes.has(code)
}
