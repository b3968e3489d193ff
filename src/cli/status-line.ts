/**
 * The last line of a terminal, redrawn in place, with everything else written above it. Where the
 * stream is no terminal each update is a line of its own.
 */
export interface TextStream {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

const COLUMNS_DEFAULT = 80
const CLEAR = '\r\x1b[2K'

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

  /** Replaces the line. */
  update(text: string): void {
    if (!this.interactive) {
      this.#stream.write(`${text}\n`)
      return
    }
    // The last column stays free: some terminals wrap as soon as it is written.
    const cut = text.slice(0, this.columns - 1)
    this.#stream.write(CLEAR + cut)
    this.#shown = cut
  }

  /** Runs what writes to the same terminal, with the line out of its way. */
  around<T>(write: () => T): T {
    if (this.#shown === '') return write()
    this.#stream.write(CLEAR)
    const result = write()
    this.#stream.write(this.#shown)
    return result
  }

  /** Leaves the line as it stands, or takes it away, and goes on below. */
  end(options: { readonly keep: boolean }): void {
    if (this.#shown !== '') this.#stream.write(options.keep ? '\n' : CLEAR)
    this.#shown = ''
  }
}
