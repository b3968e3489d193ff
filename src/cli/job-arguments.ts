/**
 * The job's own arguments: what the command line holds besides the options of the engine.
 */
import { distance } from 'fastest-levenshtein'
import { SluiceError } from '../base/errors.ts'

export type ArgumentValue = string | true | readonly (string | true)[]

/** The options of the commands themselves, to notice when one of them is misspelt. */
const OPTIONS = [
  'parallelism',
  'define',
  'config',
  'checkpoint-dir',
  'interval',
  'restore',
  'overwrite',
  'log-level',
  'progress',
  'no-progress',
]
/** Of a short word, two changed letters make another: --store is not meant to be --restore. */
const SHORT_LETTERS = 8

/**
 * `--name value`, `--name=value`, and `--name` alone for true; names in camelCase; what is given
 * several times becomes an array. Throws `BAD_USAGE`.
 */
export function parseJobArguments(words: readonly string[]): Record<string, ArgumentValue> {
  const found: Record<string, ArgumentValue> = {}
  let literal = false
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (word === '--' && !literal) {
      literal = true
      continue
    }
    const { name, value } = splitWord(word)
    if (!literal) refuseTypo(name)
    const next = words[i + 1]
    const takesNext = value === undefined && next !== undefined && isValue(next)
    if (takesNext) i++
    add(found, camelCase(name), value ?? (takesNext ? next : true))
  }
  return found
}

function splitWord(word: string): { readonly name: string; readonly value: string | undefined } {
  const match = /^--([^=]+)(?:=(.*))?$/s.exec(word)
  if (match !== null) return { name: match[1]!, value: match[2] }
  throw new SluiceError('BAD_USAGE', `'${word}' is neither an option nor an option's value`, {
    hint: "write the job's own arguments as --name value or --name=value",
  })
}

/** A negative number or a lone dash is a value, any other word with a dash is the next option. */
function isValue(word: string): boolean {
  return !word.startsWith('-') || /^-(\d|\.\d|$)/.test(word)
}

function refuseTypo(name: string): void {
  const meant = OPTIONS.find((option) => distance(option, name) <= typosMax(option))
  if (meant === undefined) return
  const message =
    meant === name
      ? `--${name} is an option of another command`
      : `unknown option --${name}; did you mean --${meant}?`
  throw new SluiceError('BAD_USAGE', message, {
    hint: `if it is the job's own argument, write it behind --: -- --${name} ...`,
  })
}

function typosMax(option: string): number {
  return option.length <= SHORT_LETTERS ? 1 : 2
}

function add(found: Record<string, ArgumentValue>, name: string, value: string | true): void {
  const before = Object.hasOwn(found, name) ? found[name] : undefined
  if (before === undefined) found[name] = value
  else found[name] = [...(Array.isArray(before) ? before : [before]), value]
}

function camelCase(name: string): string {
  return name.replaceAll(/-+([^-])/g, (_, letter: string) => letter.toUpperCase())
}
