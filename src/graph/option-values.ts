/** Reads the value that is given for one option, as its kind asks. */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SluiceError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { parseDuration, parseSize } from '../base/units.ts'
import type { OptionEntry, OptionKind } from './options.ts'

/** What is given for one option. */
export interface Given {
  /** The key or path the user wrote. */
  readonly as: string
  readonly value: unknown
}

export type OptionValue = number | boolean | string | undefined

const unitOf: Readonly<Partial<Record<OptionKind, string>>> = { duration: ' ms', size: ' bytes' }

/** The value, or the option's default. Throws BAD_UNIT and BAD_OPTION. */
export function optionValue(entry: OptionEntry, given: Given | undefined): OptionValue {
  const item = given ?? { as: entry.key, value: entry.default }
  if (item.value === undefined) return undefined
  const value = read(entry, item)
  const { min = 0, max = Number.POSITIVE_INFINITY } = entry
  if (typeof value === 'number' && !(value >= min && value <= max)) {
    const bounds = `it must lie between ${min} and ${max}${unitOf[entry.kind] ?? ''}`
    throw badOption(item, bounds, hintOf(entry))
  }
  return value
}

export function badOption(item: Given, reason: string, hint?: string): SluiceError {
  return new SluiceError('BAD_OPTION', `${told(item)}: ${reason}`, {
    place: item.as,
    ...(hint === undefined ? {} : { hint }),
  })
}

/** What holds where the option is left out. */
function hintOf({ default: value, defaultText }: OptionEntry): string {
  const text = value === undefined ? defaultText : `'${value}'`
  return text === undefined ? 'leave it out to go without' : `left out, it is ${text}`
}

/** The option as the user wrote it, for a message. */
export function told({ as, value }: Given): string {
  return `${as} = ${typeof value === 'string' ? `'${value}'` : JSON.stringify(value)}`
}

function read(entry: OptionEntry, item: Given): number | boolean | string {
  switch (entry.kind) {
    case 'boolean':
      return booleanOf(entry, item)
    case 'int':
      return integerOf(entry, item)
    case 'duration':
      return parseDuration(textOf(entry, item), item.as)
    case 'size':
      return Math.ceil(parseSize(textOf(entry, item), item.as))
    case 'enum':
      return choiceOf(entry, item)
    case 'path':
      return pathOf(entry, item)
  }
}

function booleanOf(entry: OptionEntry, item: Given): boolean {
  const text = String(item.value)
  if (text === 'true') return true
  if (text === 'false') return false
  throw badOption(item, "it must be 'true' or 'false'", hintOf(entry))
}

function integerOf(entry: OptionEntry, item: Given): number {
  const text = textOf(entry, item)
  const value = typeof text === 'number' ? text : /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : NaN
  if (Number.isSafeInteger(value)) return value
  throw badOption(item, 'it must be a whole number', hintOf(entry))
}

function textOf(entry: OptionEntry, item: Given): string | number {
  if (typeof item.value === 'string' || typeof item.value === 'number') return item.value
  throw badOption(item, 'it must be a number or text', hintOf(entry))
}

/** In any case, with dashes or, as Flink writes it, with underscores. */
function choiceOf(entry: OptionEntry, item: Given): string {
  const { choices = [], spellings = {}, notYet = [] } = entry
  const word = String(item.value).trim().toLowerCase().replaceAll('_', '-')
  const choice = Object.hasOwn(spellings, word) ? spellings[word]! : word
  if (choices.includes(choice)) return choice
  const known = choices.map((one) => `'${one}'`).join(' or ')
  const reason = notYet.includes(word) ? 'Sluice does not have it yet; ' : ''
  const meant = nearest(word, choices)
  const hint = meant === undefined ? hintOf(entry) : `did you mean '${meant}'?`
  throw badOption(item, `${reason}it must be ${known}`, hint)
}

/** Made absolute, so that it stays the same directory wherever the process goes. */
function pathOf(entry: OptionEntry, item: Given): string {
  const { words = [] } = entry
  const { value } = item
  const text = value instanceof URL ? value.href : value
  if (typeof text !== 'string') throw badOption(item, 'it must be text', hintOf(entry))
  if (text.trim() === '') throw badOption(item, 'it must not be empty', hintOf(entry))
  if (words.includes(text)) return text
  if (/^file:/i.test(text)) return pathOfUrl(item, text)
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) {
    throw badOption(item, 'it must be a path or a file: URL; Sluice has no other storage yet')
  }
  return resolve(text)
}

function pathOfUrl(item: Given, url: string): string {
  try {
    return fileURLToPath(url)
  } catch (error) {
    throw badOption(item, `it is no path of this machine (${(error as Error).message})`)
  }
}
