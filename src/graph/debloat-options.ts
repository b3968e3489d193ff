/**
 * The options of buffer debloating: a part of the table in options.ts, and Flink's defaults.
 */
import type { OptionEntry } from './options.ts'

const MINUTE_MS = 60_000
const PREFIX = 'taskmanager.network.memory.buffer-debloat'

export const debloatOptions: readonly OptionEntry[] = [
  {
    key: `${PREFIX}.enabled`,
    path: 'debloat.enabled',
    field: 'debloat',
    kind: 'boolean',
    default: false,
    aliases: [],
    description: 'Holds what waits before a task small, however slow the task is.',
  },
  {
    key: `${PREFIX}.target`,
    path: 'debloat.target',
    field: 'debloatTargetMs',
    kind: 'duration',
    default: '1 s',
    aliases: [],
    description: 'How long the task should need for what waits in its channels.',
    min: 1,
    max: MINUTE_MS,
  },
  {
    key: `${PREFIX}.period`,
    path: 'debloat.period',
    field: 'debloatPeriodMs',
    kind: 'duration',
    default: '200 ms',
    aliases: [],
    description: 'How often the size of pages is chosen anew.',
    min: 50,
    max: MINUTE_MS,
  },
  {
    key: `${PREFIX}.samples`,
    path: 'debloat.samples',
    field: 'debloatSamples',
    kind: 'int',
    default: 20,
    aliases: [],
    description: 'How many periods the size is smoothed over.',
    min: 1,
    max: 1_000,
  },
  {
    key: `${PREFIX}.threshold-percentages`,
    path: 'debloat.threshold',
    field: 'debloatThresholdPercent',
    kind: 'int',
    default: 5,
    aliases: [],
    description:
      'By how many per cent the size must differ from the one before to be taken. Flink: 25.',
    min: 0,
    max: 100,
  },
]
