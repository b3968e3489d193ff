/** Takes snapshots of keyed state apart and puts them together again, as tasks do. */
import { keyGroupRange } from '../../src/codec/key-groups.ts'
import type { KeyedState } from '../../src/state/contract.ts'
import { HeapKeyedState } from '../../src/state/heap/heap-keyed-state.ts'
import type { SectionHeader, StateChunk, StatePart } from '../../src/state/snapshot-contract.ts'

export const GROUPS = 128

/** Tables as small as those of tests double in steps, too. */
const growth = { stepwiseLog2Min: 0, movedAnAddition: 1 }

export function openRange(subtask = 0, parallelism = 1): HeapKeyedState {
  const [keyGroupFrom, keyGroupTo] = keyGroupRange(subtask, GROUPS, parallelism)
  return new HeapKeyedState({ maxParallelism: GROUPS, keyGroupFrom, keyGroupTo, growth })
}

/** A snapshot that is being written, and what has come of it. */
export class Taken {
  readonly chunks: StateChunk[] = []
  readonly walk

  constructor(state: KeyedState) {
    this.walk = state.snapshot('op', { chunk: (chunk) => void this.chunks.push(chunk) })
  }

  finish(): this {
    while (!this.walk.isDone) this.walk.step(1000)
    return this
  }

  get parts(): readonly { readonly section: SectionHeader; readonly part: StatePart }[] {
    return this.chunks.flatMap(({ sections, parts }) =>
      parts.map((part) => ({ section: sections[part.section]!, part })),
    )
  }

  /** The parts of the subtask's key groups, in any order. */
  restoreInto(state: KeyedState, subtask = 0, parallelism = 1): void {
    const [from, to] = keyGroupRange(subtask, GROUPS, parallelism)
    for (const { section, part } of this.parts.toReversed()) {
      if (part.keyGroup >= from && part.keyGroup < to) state.restore(section, part)
    }
  }
}
