/**
 * Lines of text as a source.
 * Threads: the description is plain; lines are read in the tasks.
 */
import type { Source } from '../../operator/source.ts'
import type { LineOptions } from './line-options.ts'
import { lineSizes } from './line-options.ts'
import { LineEnumerator, type LineParser, LineReader } from './line-source.ts'
import { type FileInput, inputsOf } from './paths.ts'

/**
 * Reads lines of UTF-8 as strings, without their ends: a path, a directory (all its files), a
 * pattern or a list. Empty lines are empty strings. Several subtasks read one file, in ranges of
 * `splitBytes`; within a range lines keep their order.
 *
 * Fails with FILE_NOT_FOUND, FILE_NOT_READABLE, RECORD_UNREADABLE (a line beyond `maxLineBytes`).
 */
export function text(input: FileInput, options: LineOptions = {}): Source<string> {
  const sizes = lineSizes(options, 'text')
  const inputs = inputsOf(input, 'text')
  return {
    kind: 'text',
    name: `text ${inputs.join(', ')}`,
    options: { input, ...sizes },
    bounded: true,
    enumerator: () => new LineEnumerator(input, [''], sizes.splitBytes),
    reader: () => new LineReader<string>({ parse: takeLine, lineBytesMax: sizes.maxLineBytes }),
  }
}

const takeLine: LineParser<string> = (line, records) => {
  records.push(line)
  return undefined
}
