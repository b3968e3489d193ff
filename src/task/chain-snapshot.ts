/**
 * What a chain's operators put into a snapshot, and how they take it over again.
 * Threads: the task.
 */
import { SluiceError } from '../base/errors.ts'
import type { OperatorRestore, OperatorSnapshot } from '../protocol/snapshot.ts'
import type {
  ChunkSink,
  SectionHeader,
  StateChunk,
  StatePart,
  StateWalk,
} from '../state/snapshot-contract.ts'
import type { ChainRuntime } from './chain-runtime.ts'

/** Lists and the operators' own, encoded or copied at once: they are small. */
export function snapshotOperators(runtime: ChainRuntime): readonly OperatorSnapshot[] {
  const snapshots: OperatorSnapshot[] = []
  runtime.forEachNode((node) => {
    const lists = runtime.state.operator(node).snapshot()
    const own = node.operator?.snapshot?.()
    if (lists.length === 0 && own === undefined) return
    snapshots.push({ operatorId: node.operatorId, lists, ...(own === undefined ? {} : { own }) })
  })
  return snapshots
}

/** From here on every change is preceded by the encoding of what it changes. */
export function beginWalks(runtime: ChainRuntime, sink: ChunkSink): readonly StateWalk[] {
  const walks: StateWalk[] = []
  runtime.forEachNode((node) => {
    const keyed = runtime.state.keyed(node)
    if (keyed !== undefined) walks.push(keyed.snapshot(node.operatorId, sink))
  })
  return walks
}

/** One chunk of several. */
export function mergeChunks(chunks: readonly StateChunk[]): StateChunk {
  const [first] = chunks
  if (first !== undefined && chunks.length === 1) return first
  const sections: StateChunk['sections'][number][] = []
  const parts: StatePart[] = []
  for (const chunk of chunks) {
    const base = sections.length
    sections.push(...chunk.sections)
    for (const part of chunk.parts) parts.push({ ...part, section: base + part.section })
  }
  return { sections, parts }
}

export interface PartToRestore {
  readonly section: SectionHeader
  readonly part: StatePart
  readonly ignoreUnclaimed: boolean
}

/** Gives the part to the operator that it belongs to. */
export function restorePart(runtime: ChainRuntime, restore: PartToRestore): void {
  const { section, part, ignoreUnclaimed } = restore
  runtime.forEachNode((node) => {
    if (node.operatorId !== section.operatorId) return
    try {
      const keyed = runtime.state.keyed(node)
      if (keyed === undefined) throw unclaimed(node.name)
      keyed.restore(section, part)
    } catch (error) {
      if (!(ignoreUnclaimed && isUnclaimed(error))) throw error
    }
  })
}

/** Behind all keyed state: lists, the operators' own, and what follows from either. */
export function restoreOperators(
  runtime: ChainRuntime,
  restores: readonly OperatorRestore[],
): void {
  const byId = new Map(restores.map((restore) => [restore.operatorId, restore]))
  runtime.forEachNode((node) => {
    const restore = byId.get(node.operatorId)
    if (restore !== undefined) {
      for (const list of restore.lists) runtime.state.operator(node).restore(list)
      if (restore.own.length > 0) node.operator?.restore?.(restore.own)
    }
    node.operator?.restored?.()
  })
}

function isUnclaimed(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'STATE_UNCLAIMED'
}

function unclaimed(operator: string): SluiceError {
  return new SluiceError('STATE_UNCLAIMED', `'${operator}' had keyed state and has no key now`, {
    operator,
    hint:
      'put .keyBy(...) before it again, give it another uid, or drop the state with ' +
      '-D execution.state-recovery.ignore-unclaimed-state=true',
  })
}
