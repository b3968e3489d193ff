/** Takes the rows of one `collect` or `print` as they come. */
import type { ResultReader } from '../coordinator/result-reader.ts'

export class ResultBuffer {
  readonly rows: unknown[] = []
  readonly #reader: ResultReader

  constructor(reader: ResultReader) {
    this.#reader = reader
  }

  get name(): string {
    return this.#reader.name
  }

  get isPrint(): boolean {
    return this.#reader.isPrint
  }

  /** Returns how many rows came. */
  take(): number {
    const before = this.rows.length
    for (let row = this.#reader.poll(); row !== undefined; row = this.#reader.poll()) {
      this.rows.push(row.value)
    }
    return this.rows.length - before
  }

  close(): void {
    this.#reader.close()
  }
}
