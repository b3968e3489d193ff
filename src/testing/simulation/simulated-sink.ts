/**
 * A sink into a system that takes output in transactions, prepared by writers and published by the
 * committer. It outlives the processes of a simulation, and tells what should not have happened.
 * Threads: the caller's.
 */
import type { Prng } from '../../base/prng.ts'
import type { Sink, SinkCommitter, SinkWriter, WriterContext } from '../../operator/sink.ts'

/** What the simulation is to the world around the job. */
export interface SimulatedWorld {
  readonly random: Prng
  /** Resolves with what it gives when the simulation lets it happen. */
  schedule<T>(operation: () => T): Promise<T>
}

/** What no run of a job may show. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

interface Transaction {
  readonly checkpointId: number
  readonly rows: readonly unknown[]
}

interface Committable {
  readonly id: string
  readonly checkpointId: number
}

export class SimulatedSink<T> implements Sink<T> {
  readonly kind = 'simulated'
  readonly name: string
  readonly options = {}
  readonly #prepared = new Map<string, Transaction>()
  readonly #published = new Map<string, Transaction>()
  #world: SimulatedWorld | undefined

  constructor(name: string) {
    this.name = name
  }

  /** Forgets all, and belongs to another simulation from now on. */
  begin(world: SimulatedWorld): void {
    this.#world = world
    this.#prepared.clear()
    this.#published.clear()
  }

  /** What was published, and what committables hold that were not. */
  rows(committables: readonly unknown[] = []): readonly T[] {
    const more = new Set((committables as readonly Committable[]).map(({ id }) => id))
    const waiting = [...more].filter((id) => !this.#published.has(id))
    const all = [...this.#published.values(), ...waiting.map((id) => this.#known(id))]
    return all.flatMap(({ rows }) => rows as readonly T[])
  }

  writer({ attempt, subtask }: WriterContext): SinkWriter<T> {
    let rows: T[] = []
    return {
      write: (row) => void rows.push(row),
      ready: () => true,
      prepareCommit: (checkpointId) => {
        const transaction = { checkpointId, rows }
        rows = []
        if (transaction.rows.length === 0) return []
        const committable = { id: `${attempt} ${subtask} ${checkpointId}`, checkpointId }
        const prepare = () => {
          this.#prepared.set(committable.id, transaction)
          return [committable]
        }
        const { random, schedule } = this.#running
        return random.below(2) === 0 ? prepare() : schedule(prepare)
      },
      close: () => {},
    }
  }

  committer(): SinkCommitter {
    return {
      commit: async (committables) => {
        for (const one of committables as readonly Committable[]) {
          await this.#running.schedule(() => this.#publish(one))
        }
      },
      recover: async (committables, { restored }) => {
        await this.#running.schedule(() => {
          for (const one of committables as readonly Committable[]) this.#publish(one)
          this.#goBack(restored.checkpointId)
        })
      },
      abort: async ({ keep }) => {
        const kept = new Set((keep as readonly Committable[]).map(({ id }) => id))
        for (const id of this.#prepared.keys()) if (!kept.has(id)) this.#prepared.delete(id)
      },
    }
  }

  get #running(): SimulatedWorld {
    if (this.#world === undefined) throw new Violation('a simulated sink outside of a simulation')
    return this.#world
  }

  #publish({ id }: Committable): void {
    if (this.#published.has(id)) return
    this.#published.set(id, this.#known(id))
    this.#prepared.delete(id)
  }

  /** Nobody may have seen what came behind the checkpoint. */
  #goBack(checkpointId: number): void {
    for (const [id, transaction] of this.#published) {
      if (transaction.checkpointId <= checkpointId) continue
      throw new Violation(`output ${id} was published, and its checkpoint is not there`)
    }
    this.#prepared.clear()
  }

  #known(id: string): Transaction {
    const transaction = this.#prepared.get(id) ?? this.#published.get(id)
    if (transaction === undefined) throw new Violation(`output ${id} is to be published, and lost`)
    return transaction
  }
}
