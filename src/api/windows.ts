/** How records are assigned to windows of event time. Threads: any. */
import { SluiceError } from '../base/errors.ts'
import type { Duration } from '../base/units.ts'
import { parseDuration } from '../base/units.ts'

/** A window of event time: from `start` (inclusive) to `end` (exclusive), epoch ms. */
export interface Window {
  readonly start: number
  readonly end: number
}

/** What `keyed.window(...)` takes. */
export interface WindowAssigner {
  readonly kind: 'tumbling'
  readonly sizeMs: number
  readonly offsetMs: number
}

/** Options of `tumbling`. */
export interface TumblingOptions {
  /** Moves every window's start; less than the size. 0 aligns to the epoch (UTC). Default 0. */
  readonly offset?: Duration
}

/**
 * Windows of equal size, one after the other, without gap or overlap, aligned to the epoch in UTC
 * unless an offset moves them: days of UTC+1 are `tumbling('1 d', { offset: '23 h' })`.
 *
 * Throws `BAD_UNIT` for a duration that cannot be read, `BAD_WINDOW` for a size of 0 or an
 * offset that is not less than the size.
 *
 * @example
 * flights.keyBy('origin').window(tumbling('1 d')).aggregate({ flights: count() })
 */
export function tumbling(size: Duration, options: TumblingOptions = {}): WindowAssigner {
  const sizeMs = parseDuration(size, 'tumbling')
  const offsetMs = parseDuration(options.offset ?? 0, 'tumbling offset')
  if (!Number.isInteger(sizeMs) || sizeMs < 1) {
    throw new SluiceError('BAD_WINDOW', `a window cannot be ${size} long`, {
      hint: 'the size is a whole number of milliseconds, at least 1',
    })
  }
  if (!Number.isInteger(offsetMs) || offsetMs >= sizeMs) {
    throw new SluiceError(
      'BAD_WINDOW',
      `a window of ${size} cannot have the offset ${offsetMs} ms`,
      {
        hint: 'the offset is a whole number of milliseconds, less than the size',
      },
    )
  }
  return Object.freeze({ kind: 'tumbling', sizeMs, offsetMs })
}
