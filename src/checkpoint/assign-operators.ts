/**
 * Operator state, keyed state's files and splits of a checkpoint for subtasks of any number: what
 * was one subtask's stays its own while the parallelism does, otherwise it is dealt out anew.
 * Threads: main; pure functions.
 */
import { keyGroupRange } from '../codec/key-groups.ts'
import type {
  OperatorRestore,
  OperatorSnapshot,
  SplitProgress,
  StateFile,
} from '../protocol/snapshot.ts'
import type { OperatorListSnapshot } from '../state/contract.ts'
import type { StoredSource, StoredVertex } from './stored-state.ts'

export interface Scale {
  readonly stored: StoredVertex
  readonly parallelism: number
  /** Whether any vertex has another parallelism: then splits, and with them event times, move. */
  readonly isRescaled: boolean
}

/** The state of one operator for each of its new subtasks. */
export function assignOperator(
  operatorId: string,
  { stored, parallelism, isRescaled }: Scale,
): readonly OperatorRestore[] {
  const before = stored.tasks.map(({ operators }) =>
    operators.find((operator) => operator.operatorId === operatorId),
  )
  const lists =
    stored.parallelism === parallelism
      ? before.map((own) => own?.lists ?? [])
      : dealLists(before, parallelism)
  const all = ownParts(before)
  return lists.map((lists, subtask) => {
    const own = isRescaled ? all : ownParts([before[subtask]])
    return { operatorId, lists, own }
  })
}

function ownParts(before: readonly (OperatorSnapshot | undefined)[]): readonly unknown[] {
  return before.map((operator) => operator?.own).filter((own) => own !== undefined)
}

/** Every item of each list to one subtask, in turn. */
function dealLists(
  before: readonly (OperatorSnapshot | undefined)[],
  parallelism: number,
): readonly (readonly OperatorListSnapshot[])[] {
  const itemsOf = new Map<string, Uint8Array[]>()
  for (const { name, items } of before.flatMap((operator) => operator?.lists ?? [])) {
    const all = itemsOf.get(name) ?? []
    all.push(...items)
    itemsOf.set(name, all)
  }
  return Array.from({ length: parallelism }, (_, subtask) =>
    [...itemsOf].flatMap(([name, all]) => {
      const items = all.filter((_, i) => i % parallelism === subtask)
      return items.length === 0 ? [] : [{ name, items }]
    }),
  )
}

/** All files that may hold key groups of the new subtask. */
export function filesFor(
  subtask: number,
  { stored, parallelism }: { readonly stored: StoredVertex; readonly parallelism: number },
): readonly StateFile[] {
  const { maxParallelism } = stored
  const [from, to] = keyGroupRange(subtask, maxParallelism, parallelism)
  return stored.tasks.flatMap(({ files }, before) => {
    const [fromBefore, toBefore] = keyGroupRange(before, maxParallelism, stored.parallelism)
    return fromBefore < to && from < toBefore ? files : []
  })
}

/** What there is left to read of one source. */
export interface SourceRestore {
  /** By subtask, in the order of reading: what was some subtask's before. */
  readonly pinned: readonly (readonly SplitProgress[])[]
  /** For whoever asks first, in the order of discovery. */
  readonly free: readonly SplitProgress[]
  /** No split will be found that is not among these. */
  readonly discovered: boolean
}

export function assignSplits(
  source: StoredSource,
  { stored, parallelism }: { readonly stored: StoredVertex; readonly parallelism: number },
): SourceRestore {
  const assigned = stored.tasks.map((task) => task.source?.splits ?? [])
  const pinned = stored.parallelism === parallelism ? assigned : dealSplits(assigned, parallelism)
  const free = source.splits.toSorted(byOrder)
  return { pinned, free, discovered: source.discovered }
}

/** Somebody must know of each that it is behind: nobody asks for it before others are through. */
function dealSplits(
  assigned: readonly (readonly SplitProgress[])[],
  parallelism: number,
): readonly (readonly SplitProgress[])[] {
  const all = assigned.flat().toSorted(byOrder)
  return Array.from({ length: parallelism }, (_, subtask) =>
    all.filter((_, i) => i % parallelism === subtask),
  )
}

function byOrder(a: SplitProgress, b: SplitProgress): number {
  return a.order - b.order
}

/** Event time of a new subtask's input: its own, or the slowest there was. */
export function inputWatermark(
  subtask: number,
  { stored, isRescaled }: { readonly stored: StoredVertex; readonly isRescaled: boolean },
): number {
  if (!isRescaled) return stored.tasks[subtask]!.watermarkMs
  return Math.min(...stored.tasks.map((task) => task.watermarkMs))
}
