/** Options that all sources of lines have. Threads: any. */
import { SluiceError } from '../../base/errors.ts'
import type { Size } from '../../base/units.ts'
import { parseSize } from '../../base/units.ts'

export interface LineOptions {
  /** Size of the ranges into which files are cut. Default 4 mb. */
  readonly splitBytes?: Size
  /** A line with more bytes is unreadable. Default 16 mb. */
  readonly maxLineBytes?: Size
}

export interface LineSizes {
  readonly splitBytes: number
  readonly maxLineBytes: number
}

export function lineSizes(options: LineOptions, where: string): LineSizes {
  return {
    splitBytes: bytesOf(options.splitBytes ?? '4 mb', `splitBytes of ${where}`),
    maxLineBytes: bytesOf(options.maxLineBytes ?? '16 mb', `maxLineBytes of ${where}`),
  }
}

function bytesOf(given: Size, where: string): number {
  const bytes = Math.floor(parseSize(given, where))
  if (bytes > 0) return bytes
  throw new SluiceError('BAD_OPTION', `${where} cannot be ${given}`, {
    hint: "write a size above zero, such as '4 mb'",
  })
}
