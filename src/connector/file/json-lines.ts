/**
 * Lines of JSON as a sink: files that appear whole, once, when their checkpoint is complete.
 * Threads: the description is plain; writers run in the tasks, the committer in the main thread.
 */
import { resolve } from 'node:path'
import { SluiceError } from '../../base/errors.ts'
import type { Size } from '../../base/units.ts'
import { parseSize } from '../../base/units.ts'
import type { Sink } from '../../operator/sink.ts'
import { JsonLinesCommitter } from './json-lines-committer.ts'
import { JsonLinesWriter } from './json-lines-writer.ts'

export interface JsonLinesOptions {
  /** A file that has reached this size is followed by another. Default: one file a checkpoint. */
  readonly rollBytes?: Size
}

/**
 * Writes each record as a line of JSON into files of `directory`, which is created. A subtask's
 * lines of one checkpoint are the file `part-<subtask>-<checkpoint>.jsonl` (further files of the
 * same checkpoint end in `-1`, `-2`, ...), in order; it appears when the checkpoint is complete,
 * at the latest at the end of the input. Names that begin with a dot are in progress.
 *
 * Values that JSON lacks: bigint is written as a string of digits, Date in ISO form, Uint8Array in
 * base64, Set as an array, Map as an array of pairs; NaN and Infinity become null; undefined
 * fields are left out. Functions, symbols and cycles fail with RECORD_NOT_WRITABLE.
 *
 * Fails with OUTPUT_EXISTS, OUTPUT_OF_ANOTHER_JOB, OUTPUT_NOT_WRITABLE before the job starts,
 * OUTPUT_LOST when a checkpoint is restored whose output is gone, OUTPUT_FAILED later.
 */
export function jsonLines(directory: string, options: JsonLinesOptions = {}): Sink<unknown> {
  if (typeof directory !== 'string' || directory === '') {
    throw new SluiceError('OUTPUT_NOT_WRITABLE', 'jsonLines needs the path of a directory', {
      hint: `it got ${JSON.stringify(directory) ?? 'undefined'}`,
    })
  }
  const { rollBytes } = options
  const size =
    rollBytes === undefined
      ? Number.POSITIVE_INFINITY
      : parseSize(rollBytes, 'rollBytes of jsonLines')
  return {
    kind: 'json-lines',
    encodesAtOnce: true,
    canWithdraw: true,
    name: `json lines ${directory}`,
    options: { directory, ...(rollBytes === undefined ? {} : { rollBytes: size }) },
    writer: (context) => new JsonLinesWriter({ directory, rollBytes: size }, context),
    committer: () => new JsonLinesCommitter(directory),
    place: resolve(directory),
  }
}
