/**
 * Reads options as users give them (option objects, files, `-D key=value`) into `JobOptions`.
 * Refuses what it does not know, with the key, the value, the reason and the nearest key.
 */
import { SluiceError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { parseDuration, parseSize } from '../base/units.ts'
import type { JobOptions, OptionEntry } from './options.ts'
import { optionTable } from './options.ts'

/** What is given for one option. */
interface Given {
  /** The key or path the user wrote. */
  readonly as: string
  readonly value: unknown
}

type OptionValue = number | boolean | undefined

/**
 * Options by Flink's keys or by short paths, nested objects standing for dotted paths; values
 * as numbers, booleans or text. `undefined` counts as not given.
 *
 * Throws UNKNOWN_OPTION (with the nearest key), BAD_UNIT, and BAD_OPTION with key, value, reason.
 *
 * @example
 * parseOptions({ parallelism: 4, 'execution.buffer-timeout.interval': '0 ms' })
 */
export function parseOptions(given: Readonly<Record<string, unknown>>): JobOptions {
  const values = new Map<OptionEntry, Given>()
  for (const item of flatten(given, '')) put(values, item)
  const read = optionTable.map(
    (entry) => [entry.field, optionValue(entry, values.get(entry))] as const,
  )
  const options = Object.fromEntries(read) as unknown as JobOptions
  checkTogether(options)
  return Object.freeze(options)
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

function* flatten(given: Readonly<Record<string, unknown>>, prefix: string): Iterable<Given> {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const as = prefix + name
    const nested = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (nested) yield* flatten(value as Readonly<Record<string, unknown>>, `${as}.`)
    else yield { as, value }
  }
}

function put(values: Map<OptionEntry, Given>, item: Given): void {
  const entry = optionTable.find((candidate) => namesOf(candidate).includes(item.as))
  if (entry === undefined) throw unknownOption(item)
  const before = values.get(entry)
  if (before !== undefined && before.value !== item.value) {
    const message = `${entry.key} is given twice: ${told(before)} and ${told(item)}`
    throw new SluiceError('BAD_OPTION', message, { hint: `keep one of them`, place: item.as })
  }
  values.set(entry, item)
}

function namesOf(entry: OptionEntry): readonly string[] {
  return [entry.key, entry.path, ...entry.aliases]
}

function unknownOption(item: Given): SluiceError {
  const meant = nearest(item.as, optionTable.flatMap(namesOf))
  const hint =
    meant === undefined ? 'docs/options.md lists all options' : `did you mean '${meant}'?`
  return new SluiceError('UNKNOWN_OPTION', `there is no option '${item.as}'`, {
    hint,
    place: item.as,
  })
}

function optionValue(entry: OptionEntry, given: Given | undefined): OptionValue {
  const item = given ?? { as: entry.key, value: entry.default }
  if (item.value === undefined) return undefined
  const value = read(entry, item)
  const { min = 0, max = Number.POSITIVE_INFINITY } = entry
  if (typeof value === 'number' && !(value >= min && value <= max)) {
    const unit = { duration: ' ms', size: ' bytes', int: '', boolean: '' }[entry.kind]
    throw badOption(item, `it must lie between ${min} and ${max}${unit}`)
  }
  return value
}

function read(entry: OptionEntry, item: Given): number | boolean {
  switch (entry.kind) {
    case 'boolean':
      return booleanOf(item)
    case 'int':
      return integerOf(item)
    case 'duration':
      return parseDuration(textOf(item), item.as)
    case 'size':
      return wholeBytes(parseSize(textOf(item), item.as))
  }
}

function booleanOf(item: Given): boolean {
  const text = String(item.value)
  if (text === 'true') return true
  if (text === 'false') return false
  throw badOption(item, "it must be 'true' or 'false'")
}

function integerOf(item: Given): number {
  const text = textOf(item)
  const value = typeof text === 'number' ? text : /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : NaN
  if (Number.isSafeInteger(value)) return value
  throw badOption(item, 'it must be a whole number')
}

function textOf(item: Given): string | number {
  if (typeof item.value === 'string' || typeof item.value === 'number') return item.value
  throw badOption(item, 'it must be a number or text')
}

function wholeBytes(bytes: number): number {
  return Math.ceil(bytes)
}

function checkTogether(options: JobOptions): void {
  const { maxParallelism, parallelism, recordBytesMax, overdraftBytesMax } = options
  if (recordBytesMax > overdraftBytesMax) {
    const item = { as: 'pipeline.record-bytes-max', value: recordBytesMax }
    throw badOption(item, `it must not exceed pipeline.overdraft-bytes-max (${overdraftBytesMax})`)
  }
  if (maxParallelism !== undefined && parallelism > maxParallelism) {
    const item = { as: 'parallelism.default', value: parallelism }
    throw badOption(item, `it must not exceed pipeline.max-parallelism (${maxParallelism})`)
  }
}

function badOption(item: Given, reason: string): SluiceError {
  return new SluiceError('BAD_OPTION', `${told(item)}: ${reason}`, { place: item.as })
}

function told({ as, value }: Given): string {
  return `${as} = ${typeof value === 'string' ? `'${value}'` : JSON.stringify(value)}`
}
