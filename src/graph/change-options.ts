/**
 * Options of checkpoints that are changed while a job runs: which may be, and what comes of it.
 * Pure: either all of a change holds, or nothing does.
 */
import { SluiceError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { flinkOptionHint } from './flink-options.ts'
import { entryNamed } from './option-names.ts'
import type { Given } from './option-values.ts'
import { badOption, optionValue, told } from './option-values.ts'
import type { JobOptions, OptionEntry } from './options.ts'
import { optionTable } from './options.ts'
import { checkTogether } from './parse-options.ts'

export interface OptionsChange {
  readonly options: JobOptions
  /** Flink's keys of what is another now than it was. */
  readonly changed: readonly string[]
}

const PREFIX = 'checkpoints.'

/** The short names of all that may change, in the order of the table. */
export const changeableNames: readonly string[] = optionTable
  .filter(({ changes }) => changes)
  .map(shortName)

/**
 * The options with a change. Names are those behind `checkpoints.`, or any other that the option
 * has; `undefined` counts as not given, and `null` stands for the default.
 *
 * Throws UNKNOWN_OPTION, OPTION_FIXED, BAD_UNIT and BAD_OPTION.
 *
 * @example
 * changeOptions(options, { unaligned: true, alignedTimeout: '1 s', interval: null })
 */
export function changeOptions(options: JobOptions, change: unknown): OptionsChange {
  const given = byEntry(change)
  const values = [...given].map(([entry, item]) => [entry, changedValue(entry, item)] as const)
  const fields = Object.fromEntries(values.map(([{ field }, value]) => [field, value]))
  const changed: JobOptions = Object.freeze({ ...options, ...fields })
  checkTogether(changed)
  const different = values.filter(([{ field }]) => changed[field] !== options[field])
  return { options: changed, changed: different.map(([{ key }]) => key) }
}

function changedValue(entry: OptionEntry, item: Given) {
  return optionValue(entry, item.value === null ? undefined : item)
}

function byEntry(change: unknown): ReadonlyMap<OptionEntry, Given> {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) {
    throw badOption(
      { as: 'update', value: change },
      'it must be an object of options',
      "such as update({ unaligned: true, interval: '10 s' })",
    )
  }
  const values = new Map<OptionEntry, Given>()
  for (const [as, value] of Object.entries(change)) {
    if (value === undefined) continue
    put(values, { as, value })
  }
  return values
}

function put(values: Map<OptionEntry, Given>, item: Given): void {
  const entry = entryNamed(PREFIX + item.as) ?? entryNamed(item.as)
  if (entry === undefined) throw unknown(item)
  if (!entry.changes) throw fixed(entry, item)
  const before = values.get(entry)
  if (before !== undefined && before.value !== item.value) {
    const message = `${entry.key} is given twice: ${told(before)} and ${told(item)}`
    throw new SluiceError('BAD_OPTION', message, { hint: 'keep one of them', place: item.as })
  }
  values.set(entry, item)
}

function unknown({ as }: Given): SluiceError {
  const meant = nearest(as, changeableNames)
  const known = `these may change while a job runs: ${changeableNames.join(', ')}`
  const hint = flinkOptionHint(as) ?? (meant === undefined ? known : `did you mean '${meant}'?`)
  return new SluiceError('UNKNOWN_OPTION', `there is no option '${as}'`, { hint, place: as })
}

function fixed({ key }: OptionEntry, item: Given): SluiceError {
  return new SluiceError('OPTION_FIXED', `${told(item)}: ${key} cannot change while a job runs`, {
    hint: 'cancel the job, and start it again with this option and restore: latest',
    place: item.as,
  })
}

function shortName({ path }: OptionEntry): string {
  return path.slice(PREFIX.length)
}
