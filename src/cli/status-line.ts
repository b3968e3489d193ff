/**
 * The last lines of a terminal, redrawn in place, with everything else written above them. Where
 * the stream is no terminal each update is written as it is.
 */
export interface TextStream {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

const COLUMNS_DEFAULT = 80
const ROWS_DEFAULT = 24
const CLEAR_LINE = '\r\x1b[2K'
const UP = '\x1b[1A'

export class StatusLine {
  readonly interactive: boolean
  readonly #stream: TextStream
  #shown = ''

  constructor(stream: TextStream) {
    this.#stream = stream
    this.interactive = stream.isTTY === true
  }

  get columns(): number {
    return this.#stream.columns ?? COLUMNS_DEFAULT
  }

  /**
   * Replaces the line, or the lines. Where there are too many for the screen some are left out, of
   * the `tail` last ones only where they are too many by themselves.
   */
  update(text: string, tail = 1): void {
    if (!this.interactive) {
      this.#stream.write(`${text}\n`)
      return
    }
    // The last column stays free: some terminals wrap as soon as it is written.
    const cut = this.#fitting(text.split('\n'), tail)
      .map((line) => line.slice(0, this.columns - 1))
      .join('\n')
    this.#stream.write(this.#clear() + cut)
    this.#shown = cut
  }

  /** Runs what writes to the same terminal, with the line out of its way. */
  around<T>(write: () => T): T {
    if (this.#shown === '') return write()
    this.#stream.write(this.#clear())
    const result = write()
    this.#stream.write(this.#shown)
    return result
  }

  /** Leaves the line as it stands, or takes it away, and goes on below. */
  end(options: { readonly keep: boolean }): void {
    if (this.#shown !== '') this.#stream.write(options.keep ? '\n' : this.#clear())
    this.#shown = ''
  }

  /** What scrolled off the screen could not be cleared. */
  #fitting(lines: readonly string[], tail: number): readonly string[] {
    const rows = Math.max(2, (this.#stream.rows || ROWS_DEFAULT) - 1)
    if (lines.length <= rows) return lines
    const last = lines.slice(-tail).slice(0, rows)
    return [...lines.slice(0, rows - last.length), ...last]
  }

  #clear(): string {
    return CLEAR_LINE + (UP + CLEAR_LINE).repeat(this.#shown.split('\n').length - 1)
  }
}
