/**
 * What became of recent checkpoints, a JSON object a line, so that it survives the process. A line
 * that a crash cut off is skipped; the file is cut back when it has grown to twice what is kept.
 * Threads: main.
 */
import { replaceDurably } from '../storage/durable-files.ts'
import { filesAt } from '../storage/file-system.ts'
import { errnoOf, storageFailed } from '../storage/storage-errors.ts'

export type HistoryEntry = Readonly<Record<string, unknown>>

export class HistoryFile {
  readonly #path: string
  readonly #size: number
  /** Undefined until the file was looked at. */
  #lines: number | undefined
  /** Entries are written in the order in which they were given. */
  #last: Promise<unknown> = Promise.resolve()

  /** `size`: entries that are kept at least. */
  constructor(path: string, size: number) {
    this.#path = path
    this.#size = size
  }

  /** Resolves when the entry is written and durable. */
  append(entry: HistoryEntry): Promise<void> {
    return this.#after(() => this.#append(`${JSON.stringify(entry)}\n`))
  }

  /** The last entries, oldest first: all that there are, or at most `count`. */
  read(count = Number.POSITIVE_INFINITY): Promise<readonly HistoryEntry[]> {
    return this.#after(async () => lastOf((await this.#readLines()).flatMap(entryIn), count))
  }

  #after<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#last.then(action)
    // Each call reports its own failure only.
    this.#last = done.catch(() => undefined)
    return done
  }

  async #append(line: string): Promise<void> {
    try {
      // A line that was cut off is ended first, or it would take the new one along.
      this.#lines ??= await this.#endLastLine()
      await filesAt(this.#path).appendText(this.#path, line, { sync: true })
      this.#lines++
      if (this.#lines > 2 * this.#size) this.#lines = await this.#cutBack()
    } catch (cause) {
      this.#lines = undefined
      throw storageFailed(this.#path, 'written', cause)
    }
  }

  /** How many lines there are. */
  async #endLastLine(): Promise<number> {
    const text = await this.#readText()
    if (text !== '' && !text.endsWith('\n')) {
      await filesAt(this.#path).appendText(this.#path, '\n', { sync: false })
    }
    return text.split('\n').length - 1
  }

  async #cutBack(): Promise<number> {
    const kept = (await this.#readLines()).filter((line) => entryIn(line).length > 0)
    const lines = lastOf(kept, this.#size)
    const text = lines.map((line) => `${line}\n`).join('')
    await replaceDurably(this.#path, new TextEncoder().encode(text))
    return lines.length
  }

  async #readLines(): Promise<readonly string[]> {
    return (await this.#readText()).split('\n')
  }

  async #readText(): Promise<string> {
    try {
      return await filesAt(this.#path).readText(this.#path)
    } catch (cause) {
      if (errnoOf(cause) === 'ENOENT') return ''
      throw storageFailed(this.#path, 'read', cause)
    }
  }
}

function lastOf<T>(all: readonly T[], count: number): readonly T[] {
  return all.slice(Math.max(0, all.length - count))
}

/** None for what is no entry: the empty end of the file, or a line that was cut off. */
function entryIn(line: string): readonly HistoryEntry[] {
  try {
    const entry: unknown = JSON.parse(line)
    return typeof entry === 'object' && entry !== null ? [entry as HistoryEntry] : []
  } catch {
    return []
  }
}
