import { SluiceError } from './errors.ts'

/** Milliseconds, or a number with its unit: `'10 s'`, `'10s'`, `'1 h'`. */
export type Duration = number | `${number}${'' | ' '}${'ms' | 's' | 'min' | 'h' | 'd'}`
/** Bytes, or a number with its unit in powers of 1024: `'64 mb'`, `'64mb'`. */
export type Size = number | `${number}${'' | ' '}${'b' | 'kb' | 'mb' | 'gb'}`

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, min: 6e4, h: 36e5, d: 864e5 }
const BYTES: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

/** A duration in milliseconds. Throws `BAD_UNIT`, naming `place`. */
export function parseDuration(text: string | number, place: string): number {
  return parse(text, MS, { place, what: 'a duration', example: "'10 s'" })
}

/** A size in bytes. Throws `BAD_UNIT`, naming `place`. */
export function parseSize(text: string | number, place: string): number {
  return parse(text, BYTES, { place, what: 'a size', example: "'64 mb'" })
}

interface UnitContext {
  readonly place: string
  readonly what: string
  readonly example: string
}

function parse(
  text: string | number,
  units: Readonly<Record<string, number>>,
  context: UnitContext,
): number {
  if (typeof text === 'number' && text >= 0 && Number.isFinite(text)) return text
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(text))
  const unit = match === null ? undefined : match[2] === '' ? 1 : units[match[2]!.toLowerCase()]
  if (match === null || unit === undefined) {
    throw new SluiceError('BAD_UNIT', `${context.place}: '${text}' is not ${context.what}`, {
      hint:
        `write a number with one of ${Object.keys(units).join(', ')}, ` +
        `such as ${context.example}`,
      place: context.place,
    })
  }
  return Number(match[1]) * unit
}
