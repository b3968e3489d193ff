/**
 * A column of values with room for more slots.
 * Threads: the task that owns the subtask.
 */
/** V8 makes a hash table of an array that begins larger. */
const AT_ONCE_MAX = 1 << 25

/** The same values and `undefined` behind them, up to `capacity`. */
export function grownColumn<T>(column: (T | undefined)[], capacity: number): (T | undefined)[] {
  if (capacity > AT_ONCE_MAX) {
    while (column.length < capacity) column.push(undefined)
    return column
  }
  const grown = new Array<T | undefined>(capacity).fill(undefined)
  for (let slot = 0; slot < column.length; slot++) grown[slot] = column[slot]
  return grown
}
