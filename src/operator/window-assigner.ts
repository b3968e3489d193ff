/**
 * Assigns records to tumbling windows of event time: [start, start + size) with every start at a
 * multiple of the size, moved by the offset, in UTC, also before 1970.
 * Threads: the task.
 */
import { SluiceError } from '../base/errors.ts'
import type { WindowSpec } from './spec.ts'

export interface WindowAssigner {
  readonly sizeMs: number
  /** Start of the window of a time. Throws NO_EVENT_TIME where there is none. */
  startOf(timeMs: number): number
}

export function tumblingWindows(spec: WindowSpec): WindowAssigner {
  const { sizeMs, offsetMs } = spec
  return {
    sizeMs,
    startOf(timeMs) {
      // Exact for integers while time + size < 2^52: no quotient rounds up to the next start.
      const start = Math.floor((timeMs - offsetMs) / sizeMs) * sizeMs + offsetMs
      if (start <= timeMs && Number.isFinite(timeMs)) return start
      throw noEventTime(timeMs)
    },
  }
}

function noEventTime(timeMs: number): SluiceError {
  const what = timeMs === Number.POSITIVE_INFINITY ? 'the end of time' : 'no event time'
  return new SluiceError('NO_EVENT_TIME', `a window got a record with ${what}`, {
    hint: "put .watermarks({ time: 'field', outOfOrder: '1 h' }) before the window",
  })
}
