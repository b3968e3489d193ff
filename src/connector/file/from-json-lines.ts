/**
 * Lines of JSON as a source.
 * Threads: the description is plain; lines are parsed in the tasks.
 */
import { SluiceError } from '../../base/errors.ts'
import type { Source } from '../../operator/source.ts'
import type { LineOptions } from './line-options.ts'
import { lineSizes } from './line-options.ts'
import { LineEnumerator, LineReader } from './line-source.ts'
import { type FileInput, inputsOf } from './paths.ts'

export interface FromJsonLinesOptions extends LineOptions {
  /**
   * What becomes of a line that is no JSON: it fails the job (default), is counted and dropped, or
   * is counted and goes to a side output as `{ place, text, reason, before }`.
   */
  readonly onUnreadable?: 'fail' | 'skip' | { readonly sideOutput: { readonly name: string } }
}

const EXTENSIONS = ['.jsonl', '.ndjson', '.jsonlines']

/**
 * Reads files with one JSON value a line: a path, a directory (its `*.jsonl` and `*.ndjson`), a
 * pattern or a list. Blank lines mean nothing. Several subtasks read one file, in ranges of
 * `splitBytes`; within a range records keep their order.
 *
 * Fails with FILE_NOT_FOUND, FILE_NOT_READABLE, RECORD_UNREADABLE (naming `file:line`).
 */
export function fromJsonLines<T = unknown>(
  input: FileInput,
  options: FromJsonLinesOptions = {},
): Source<T> {
  const sizes = lineSizes(options, 'fromJsonLines')
  const { onUnreadable = 'fail' } = options
  const inputs = inputsOf(input, 'fromJsonLines')
  return {
    kind: 'from-json-lines',
    name: `json lines ${inputs.join(', ')}`,
    options: { input, ...sizes },
    bounded: true,
    enumerator: () => new LineEnumerator(input, EXTENSIONS, sizes.splitBytes),
    reader: () => new LineReader<T>({ parse: parseJson, lineBytesMax: sizes.maxLineBytes }),
    ...unreadableOptions(onUnreadable),
  }
}

function parseJson<T>(line: string, records: T[]): string | undefined {
  try {
    records.push(JSON.parse(line) as T)
    return undefined
  } catch (error) {
    return line.trim() === '' ? undefined : (error as Error).message
  }
}

function unreadableOptions(
  given: NonNullable<FromJsonLinesOptions['onUnreadable']>,
): Pick<Source<unknown>, 'onUnreadable' | 'unreadableTo'> {
  if (given === 'fail' || given === 'skip') return { onUnreadable: given }
  const name = given?.sideOutput?.name
  if (typeof name === 'string' && name !== '') {
    return { onUnreadable: 'side-output', unreadableTo: name }
  }
  throw new SluiceError('BAD_OPTION', `onUnreadable of fromJsonLines cannot be ${String(given)}`, {
    hint: "write 'fail', 'skip' or { sideOutput: output('broken') }",
  })
}
