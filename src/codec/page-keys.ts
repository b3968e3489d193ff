/**
 * Reads the keys of a page's records from its bytes: no record is built for it, and no string.
 * Threads: the consuming task.
 */
import type { KeyBatch } from './key-batch.ts'
import { KEY_BATCH_MAX } from './key-batch.ts'
import { SPELLED_WORDS } from './key-shape.ts'
import type { PageReader } from './page.ts'
import type { ValuePlan } from './row-plan.ts'
import { planRow } from './row-plan.ts'
import type { Shape } from './shape.ts'

/** What a page reader shows of its page besides records. */
export interface KeyedPage extends PageReader {
  readonly rows8: number
  readonly i32: Int32Array
  readonly f64: Float64Array
  /** The byte at which the page's strings begin. */
  readonly heapAt: number
  readonly heapIsAscii: boolean
}

export interface PageKeys {
  /** Takes the keys of records [from, to) into the batch, or of as many as it holds. */
  read(page: KeyedPage, from: number, to: number, batch: KeyBatch): void
}

/** For pages of that shape; undefined unless all records have a plain text or number there. */
export function pageKeys(shape: Shape, withTime: boolean, field: string): PageKeys | undefined {
  const plan = planRow(shape, withTime)
  const value = plan.root.fields.find(({ name }) => name === field)
  if (plan.root.state >= 0 || value === undefined || value.state >= 0) return undefined
  switch (value.shape.kind) {
    case 'coded':
      return new CodedKeys(value, plan.stride)
    case 'spelled':
      return new SpelledKeys(value, plan.stride)
    case 'string':
      return new TextKeys(value, plan.texts.at(-1)!, plan.stride)
    case 'int32':
    case 'double':
      return new NumberKeys(value, plan.stride)
    default:
      return undefined
  }
}

class TextKeys implements PageKeys {
  readonly #stride: number
  readonly #end: number
  /** Where the text before it ends, in words from the row: in the same row, or the row before. */
  readonly #start: number
  readonly #isFirst: boolean

  constructor(value: ValuePlan, last: ValuePlan, stride: number) {
    this.#stride = stride / 4
    this.#end = value.column / 4
    this.#isFirst = value.previous < 0
    this.#start = this.#isFirst ? (last.column - stride) / 4 : value.previous / 4
  }

  read(page: KeyedPage, from: number, to: number, batch: KeyBatch): void {
    const { i32, heapAt } = page
    const count = Math.min(to - from, KEY_BATCH_MAX)
    batch.count = count
    if (!page.heapIsAscii) return batch.leaveOut()
    const stride = this.#stride
    const row = 2 * page.rows8 + from * stride
    const starts = row + this.#start
    const firstStart = this.#isFirst && from === 0 ? 0 : i32[starts]!
    batch.putTexts(i32, { count, heapAt, firstStart, ends: row + this.#end, starts, stride })
  }
}

class CodedKeys implements PageKeys {
  readonly #stride: number
  readonly #code: number

  constructor(value: ValuePlan, stride: number) {
    this.#stride = stride / 4
    this.#code = value.code / 4
  }

  read(page: KeyedPage, from: number, to: number, batch: KeyBatch): void {
    const { i32 } = page
    const { codes } = batch
    const count = Math.min(to - from, KEY_BATCH_MAX)
    batch.count = count
    batch.texts = page.texts
    let at = 2 * page.rows8 + from * this.#stride + this.#code
    for (let k = 0; k < count; k++, at += this.#stride) codes[k] = i32[at]!
  }
}

class SpelledKeys implements PageKeys {
  readonly #stride: number
  readonly #at: number

  constructor(value: ValuePlan, stride: number) {
    this.#stride = stride / 4
    this.#at = value.spelling / 4
  }

  read(page: KeyedPage, from: number, to: number, batch: KeyBatch): void {
    const { i32 } = page
    const { lengths, hashes } = batch
    const stride = this.#stride
    const count = Math.min(to - from, KEY_BATCH_MAX)
    batch.count = count
    let at = 2 * page.rows8 + from * stride + this.#at
    batch.findWords(i32, at + SPELLED_WORDS.key, stride)
    for (let k = 0; k < count; k++, at += stride) {
      lengths[k] = i32[at + SPELLED_WORDS.length]!
      hashes[k] = i32[at + SPELLED_WORDS.hash]!
    }
  }
}

class NumberKeys implements PageKeys {
  readonly #isWide: boolean
  /** In values of the column's width. */
  readonly #stride: number
  readonly #column: number

  constructor(value: ValuePlan, stride: number) {
    this.#isWide = value.shape.kind === 'double'
    const bytes = this.#isWide ? 8 : 4
    this.#stride = stride / bytes
    this.#column = value.column / bytes
  }

  read(page: KeyedPage, from: number, to: number, batch: KeyBatch): void {
    const values = this.#isWide ? page.f64 : page.i32
    const rows = this.#isWide ? page.rows8 : 2 * page.rows8
    const count = Math.min(to - from, KEY_BATCH_MAX)
    batch.count = count
    let at = rows + from * this.#stride + this.#column
    for (let k = 0; k < count; k++, at += this.#stride) batch.putNumber(k, values[at]!)
  }
}
