/**
 * Reads options as users give them (option objects, files, `-D key=value`) into `JobOptions`.
 * Refuses what it does not know, with the key, the value, the reason and the nearest key.
 */
import { SluiceError } from '../base/errors.ts'
import { entryNamed, unknownOption } from './option-names.ts'
import type { Given } from './option-values.ts'
import { badOption, optionValue, told } from './option-values.ts'
import type { JobOptions, OptionEntry } from './options.ts'
import { optionTable } from './options.ts'

/** Options as they are given: by Flink's keys or by short paths, also nested. */
export type GivenOptions = Readonly<Record<string, unknown>>

/**
 * Options by Flink's keys or by short paths, nested objects standing for dotted paths; values
 * as numbers, booleans or text. `undefined` counts as not given.
 *
 * Throws UNKNOWN_OPTION (with the nearest key), BAD_UNIT, and BAD_OPTION with key, value, reason.
 *
 * @example
 * parseOptions({ parallelism: 4, 'execution.buffer-timeout.interval': '0 ms' })
 */
export function parseOptions(given: GivenOptions): JobOptions {
  const values = byEntry(given)
  const read = optionTable.map(
    (entry) => [entry.field, optionValue(entry, values.get(entry))] as const,
  )
  const options = Object.fromEntries(read) as unknown as JobOptions
  checkTogether(options)
  return Object.freeze(options)
}

/**
 * Options from several places as one object: what a later one gives counts, whichever of an
 * option's names it uses. Throws as `parseOptions` does, but looks at no value.
 *
 * @example
 * overlayOptions([{ parallelism: 2, chaining: false }, { 'parallelism.default': 4 }])
 * // { 'parallelism.default': 4, chaining: false }
 */
export function overlayOptions(layers: readonly GivenOptions[]): GivenOptions {
  const values = new Map(layers.flatMap((layer) => [...byEntry(layer)]))
  return Object.fromEntries([...values.values()].map(({ as, value }) => [as, value]))
}

/**
 * What is given by an older or longer name, each with the name it has now: for a notice.
 *
 * @example
 * olderNames({ 'state.checkpoints.dir': '/var/lib/job' })
 * // [{ as: 'state.checkpoints.dir', key: 'execution.checkpointing.dir' }]
 */
export function olderNames(
  given: GivenOptions,
): readonly { readonly as: string; readonly key: string }[] {
  return [...byEntry(given)].flatMap(([{ key, aliases }, { as }]) =>
    aliases.includes(as) ? [{ as, key }] : [],
  )
}

/** Throws what `parseOptions` would say of this one option. */
export function checkOption(as: string, value: unknown): void {
  const item = { as, value }
  optionValue(entryFor(item), item)
}

/**
 * Reads one `-D key=value` of a command line. Throws BAD_OPTION where there is no `=`.
 *
 * @example
 * parseDefinition('parallelism.default=4') // ['parallelism.default', '4']
 */
export function parseDefinition(text: string): readonly [key: string, value: string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
  throw new SluiceError('BAD_OPTION', `'${text}' sets nothing`, {
    hint: 'write -D key=value, such as -D parallelism.default=4',
  })
}

function* flatten(given: GivenOptions, prefix: string): Iterable<Given> {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const as = prefix + name
    if (isNested(value)) yield* flatten(value, `${as}.`)
    else yield { as, value }
  }
}

function isNested(value: unknown): value is GivenOptions {
  if (typeof value !== 'object' || value === null) return false
  return !Array.isArray(value) && !(value instanceof URL)
}

function byEntry(given: GivenOptions): Map<OptionEntry, Given> {
  const values = new Map<OptionEntry, Given>()
  for (const item of flatten(given, '')) put(values, item)
  return values
}

function put(values: Map<OptionEntry, Given>, item: Given): void {
  const entry = entryFor(item)
  const before = values.get(entry)
  if (before !== undefined && before.value !== item.value) {
    const message = `${entry.key} is given twice: ${told(before)} and ${told(item)}`
    throw new SluiceError('BAD_OPTION', message, { hint: `keep one of them`, place: item.as })
  }
  values.set(entry, item)
}

function entryFor(item: Given): OptionEntry {
  const entry = entryNamed(item.as)
  if (entry === undefined) throw unknownOption(item.as)
  return entry
}

/** Throws BAD_OPTION where options that are all right by themselves do not fit each other. */
export function checkTogether(options: JobOptions): void {
  const { maxParallelism, parallelism, recordBytesMax, overdraftBytesMax } = options
  if (recordBytesMax > overdraftBytesMax) {
    const item = { as: 'pipeline.record-bytes-max', value: recordBytesMax }
    throw badOption(item, `it must not exceed pipeline.overdraft-bytes-max (${overdraftBytesMax})`)
  }
  if (maxParallelism !== undefined && parallelism > maxParallelism) {
    const item = { as: 'parallelism.default', value: parallelism }
    throw badOption(item, `it must not exceed pipeline.max-parallelism (${maxParallelism})`)
  }
  if (options.checkpointUnaligned && options.checkpointMode === 'at-least-once') {
    const item = { as: 'execution.checkpointing.unaligned.enabled', value: true }
    const hint = 'at-least-once aligns nothing: leave one of the two out, or turn unaligned off'
    throw badOption(item, 'execution.checkpointing.mode must be exactly-once', hint)
  }
  if (options.restore === 'latest' && options.checkpointDirectory === undefined) {
    const item = { as: 'execution.state-recovery.path', value: options.restore }
    const hint = 'set checkpoints.dir, on the command line with --checkpoint-dir'
    throw badOption(item, 'there is no directory to find the latest checkpoint in', hint)
  }
}
