/**
 * Batches of rows over columns. The class is generated from the columns' names, so that a record
 * is one object literal of one hidden class and its making inlines into the chain's loop.
 * Threads: the task that owns the split.
 */
import type { Batch } from '../../operator/source.ts'
import type { ColumnSlice } from './flat-column.ts'

export type RowBatchClass = new (
  row: number,
  count: number,
  slices: readonly ColumnSlice[],
) => Batch<unknown>

/** Makes and keeps one class for each pattern of indexed and plain columns. */
export class RowBatches {
  readonly #names: readonly string[]
  readonly #classes = new Map<string, RowBatchClass>()

  constructor(names: readonly string[]) {
    this.#names = names
  }

  /** A batch of `count` rows that starts at `row` of its split. */
  batch(row: number, count: number, slices: readonly ColumnSlice[]): Batch<unknown> {
    let pattern = ''
    for (const slice of slices) pattern += slice.index === undefined ? 'v' : 'x'
    let made = this.#classes.get(pattern)
    if (made === undefined) {
      made = rowBatchClass(this.#names, pattern)
      this.#classes.set(pattern, made)
    }
    return new made(row, count, slices)
  }
}

function rowBatchClass(names: readonly string[], pattern: string): RowBatchClass {
  const fields = names.map((name, k) => {
    const value = pattern[k] === 'x' ? `this.v${k}[this.x${k}[i]]` : `this.v${k}[i]`
    const key = JSON.stringify(name)
    // In brackets, since a plain "__proto__" would set the prototype.
    return name === '__proto__' ? `[${key}]: ${value}` : `${key}: ${value}`
  })
  const columns = names.map((_, k) => `this.v${k} = s[${k}].values; this.x${k} = s[${k}].index;`)
  const code = `'use strict'
return class RowBatch {
  constructor(row, count, s) {
    this.position = { row }
    this.count = count
    ${columns.join('\n    ')}
  }
  record(i) {
    return { ${fields.join(', ')} }
  }
}`
  return new Function(code)() as RowBatchClass
}
