/**
 * Drives any sink through its contract: nothing is visible before its commit, a commit may come
 * twice, what was never committed leaves nothing behind, and a restore brings the output to where
 * it was. For the tests of whoever writes a connector; it throws where the contract is broken.
 * Threads: the test's.
 */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { ManualClock, turn } from '../base/clock.ts'
import type { Sink, SinkCommitter, SinkWriter, StartContext } from '../operator/sink.ts'

export interface SinkConformanceOptions<T> {
  readonly sink: Sink<T>
  /** Different records, at least 8, that `read` gives back as they were. */
  readonly records: readonly T[]
  /** What a reader of the output sees: records of one subtask in the order of their commits. */
  readonly read: () => Promise<readonly T[]> | readonly T[]
}

const lineage = 'conformance'
const context = { lineage, sinkId: 'sink' }
const SUBTASKS = 2

/**
 * Throws AssertionError. The output must be empty before; afterwards it is empty again. A restore
 * of an older checkpoint is tried where the sink says that it can withdraw.
 */
export async function checkSink<T>(options: SinkConformanceOptions<T>): Promise<void> {
  ok(options.records.length >= 8, 'pass at least 8 records')
  const parts = quarters(options.records)
  const run = new SinkRun(options)
  await run.start()
  await checkCommits(run, parts)
  const uncommitted = await checkAbort(run, parts)
  await checkRecovery(run, { parts, uncommitted })
  if (options.sink.canWithdraw === true) await checkWithdrawal(run, parts)
  await run.closeAll()
  await run.overwrite()
  await run.expect([], 'output that was to be overwritten')
}

type Quarters<T> = readonly (readonly T[])[]

async function checkCommits<T>(run: SinkRun<T>, [first, second, third]: Quarters<T>) {
  await run.expect([], 'output before anything was written')
  await run.write(first!)
  const committed = await run.prepare(1)
  await run.expect([], 'output before its commit')
  await run.commit(committed)
  await run.expect([first!], 'the first commit')
  await run.commit(committed)
  await run.expect([first!], 'a commit that came twice')

  await run.write(second!)
  const pending = run.prepare(2)
  await run.write(third!)
  const next = run.prepare(3)
  const [later, last, none] = await Promise.all([pending, next, run.prepare(4)])
  await run.expect([first!], 'output of checkpoints that are not complete')
  await run.commit(later)
  await run.expect([first!, second!], 'a commit of what was prepared before more was written')
  await run.commit([...later, ...last, ...none])
  await run.expect([first!, second!, third!], 'a commit of what an earlier one left')
}

/** Leaves output of checkpoint 5 uncommitted, as a crash before its commit does. */
async function checkAbort<T>(run: SinkRun<T>, [first, second, third, fourth]: Quarters<T>) {
  await run.write(fourth!)
  const uncommitted = await run.prepare(5)
  ok(uncommitted.length > 0, 'a checkpoint with records gave no committables')
  await run.write(first!)
  await run.prepare(6)
  await run.write(first!)
  await run.close()
  await run.abort(uncommitted)
  await run.expect([first!, second!, third!], 'output after a job that was aborted')
  return uncommitted
}

interface Crashed<T> {
  readonly parts: Quarters<T>
  readonly uncommitted: readonly unknown[]
}

async function checkRecovery<T>(run: SinkRun<T>, { parts, uncommitted }: Crashed<T>) {
  await run.recover(5, uncommitted)
  await run.expect(parts, 'output after a restore')
  await run.recover(5, uncommitted)
  await run.expect(parts, 'output after a restore that came twice')
}

async function checkWithdrawal<T>(run: SinkRun<T>, [first, second, third]: Quarters<T>) {
  await run.recover(2, [])
  await run.expect([first!, second!], 'output after a restore of an older checkpoint')
  await run.recover(2, [])
  await run.expect([first!, second!], 'output after two restores of an older checkpoint')
  await run.open()
  await run.write(third!)
  const committed = await run.prepare(7)
  await run.close()
  await run.recover(7, committed)
  await run.expect([first!, second!, third!], 'output of an attempt after a restore')
}

class SinkRun<T> {
  readonly #options: SinkConformanceOptions<T>
  readonly #committers: SinkCommitter[] = []
  #writers: readonly SinkWriter<T>[] = []
  #attempt = 0

  constructor(options: SinkConformanceOptions<T>) {
    this.#options = options
  }

  async start(): Promise<void> {
    await this.#started({ overwrite: false })
    await this.open()
  }

  /** The writers of the next attempt. */
  async open(): Promise<void> {
    this.#attempt++
    this.#writers = Array.from({ length: SUBTASKS }, (_, subtask) =>
      this.#options.sink.writer({
        ...context,
        subtask,
        parallelism: SUBTASKS,
        attempt: this.#attempt,
        clock: new ManualClock(),
        wake: () => {},
      }),
    )
    for (const writer of this.#writers) await writer.open?.()
  }

  async overwrite(): Promise<void> {
    const again = await this.#started({ overwrite: true })
    await again?.finish?.(context)
    await again?.close?.()
  }

  async write(records: readonly T[]): Promise<void> {
    for (const [k, record] of records.entries()) {
      const writer = this.#writers[k % SUBTASKS]!
      for (let turns = 0; !writer.ready(); turns++) {
        ok(turns < 100_000, 'a writer never became ready again')
        await turn()
      }
      writer.write(record, 0)
    }
    for (const writer of this.#writers) writer.flush?.()
  }

  /** All writers are called before this returns. */
  async prepare(checkpointId: number): Promise<readonly unknown[]> {
    const prepared = this.#writers.map((writer) => writer.prepareCommit(checkpointId))
    const committables = (await Promise.all(prepared)).flat()
    const plain = structuredClone(committables)
    deepStrictEqual(plain, committables, 'a committable is not plain')
    return plain
  }

  async commit(committables: readonly unknown[]): Promise<void> {
    await this.#committer?.commit(committables, context)
  }

  /** As another process does. */
  async recover(checkpointId: number, committables: readonly unknown[]): Promise<void> {
    const restored = { lineage, checkpointId }
    const again = await this.#started({ overwrite: false, restored })
    if (again?.recover === undefined) await again?.commit(committables, context)
    else await again.recover(committables, { ...context, restored })
  }

  async abort(keep: readonly unknown[]): Promise<void> {
    await this.#committer?.abort?.({ ...context, keep })
  }

  async close(): Promise<void> {
    for (const writer of this.#writers) await writer.close()
  }

  async closeAll(): Promise<void> {
    for (const committer of this.#committers) await committer.close?.()
  }

  /** The records of each subtask, in order; nothing is said about the order between subtasks. */
  async expect(parts: readonly (readonly T[])[], what: string): Promise<void> {
    const found = await this.#options.read()
    const expected = parts.flat()
    deepStrictEqual(found.length, expected.length, `${what}: number of records`)
    for (let subtask = 0; subtask < SUBTASKS; subtask++) {
      const own = parts.flatMap((part) => part.filter((_, k) => k % SUBTASKS === subtask))
      const names = new Set(own.map((record) => JSON.stringify(record)))
      const ofSubtask = found.filter((record) => names.has(JSON.stringify(record)))
      deepStrictEqual(ofSubtask, own, `${what}: records of subtask ${subtask}`)
    }
  }

  get #committer(): SinkCommitter | undefined {
    return this.#committers[0]
  }

  async #started(given: Pick<StartContext, 'overwrite' | 'restored'>) {
    const committer = this.#options.sink.committer?.()
    if (committer === undefined) return undefined
    this.#committers.push(committer)
    await committer.start?.({ ...context, ...given, checkpointing: true })
    return committer
  }
}

function quarters<T>(records: readonly T[]): readonly (readonly T[])[] {
  const size = Math.ceil(records.length / 4)
  return [0, 1, 2, 3].map((k) => records.slice(k * size, (k + 1) * size))
}
