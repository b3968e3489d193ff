/**
 * A column of values with room for more slots.
 * Threads: the task that owns the subtask.
 */
/** The column itself with `undefined` behind its values, up to `slots`. */
export function grownColumn<T>(column: (T | undefined)[], slots: number): (T | undefined)[] {
  // V8 makes room for half as many again when it has none; an array that began large would be a
  // hash table.
  while (column.length < slots) column.push(undefined)
  return column
}
