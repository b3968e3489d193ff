/** Finds an option by any of its names. */
import { SluiceError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { flinkOptionHint } from './flink-options.ts'
import type { OptionEntry } from './options.ts'
import { optionTable } from './options.ts'

const entryOf: ReadonlyMap<string, OptionEntry> = new Map(
  optionTable.flatMap((entry) => namesOf(entry).map((name) => [name, entry] as const)),
)

/** By Flink's key, short path, or an older name; undefined where there is none. */
export function entryNamed(name: string): OptionEntry | undefined {
  return entryOf.get(name)
}

export function unknownOption(name: string): SluiceError {
  const hint = flinkOptionHint(name) ?? hintOfNearest(name)
  return new SluiceError('UNKNOWN_OPTION', `there is no option '${name}'`, { hint, place: name })
}

function namesOf(entry: OptionEntry): readonly string[] {
  return [entry.key, entry.path, ...entry.aliases]
}

function hintOfNearest(name: string): string {
  const meant = nearest(name, [...entryOf.keys()])
  return meant === undefined ? 'docs/options.md lists all options' : `did you mean '${meant}'?`
}
