/** Where a task's records come from: a gate of channels or a source. */
export type InputProgress = 'progress' | 'idle' | 'ended'

export interface TaskInput {
  /** Processes at most a bounded range of records. */
  step(): InputProgress
  /** True if `step` would find something: the re-check before the task parks. */
  ready(): boolean
  /** When to look again although nobody rings, on the task's clock; Infinity for never. */
  nextWakeMs(): number
  /** When `hasBarrier` is to be asked again although nobody rings; Infinity for never. */
  barrierDueMs?(): number
  /** True if a barrier may be due before the next record. */
  hasBarrier?(): boolean
  /** Takes one barrier that is due, and no record: needs no credit. False if none is due. */
  takeBarrier?(): boolean
  /** Called now and then while the task runs. */
  tick?(): void
  /** Bytes of pages that were read; of a source, those that its reader tells of. */
  readonly bytesTaken?: number
  /** Promises that the input waits for. */
  readonly pendingPromises: number
  close(): Promise<void>
}
