/**
 * Drives any sink through its contract: nothing is visible before its commit, a commit may come
 * twice, and what was never committed leaves nothing behind. For the tests of whoever writes a
 * connector; it throws where the contract is broken.
 * Threads: the test's.
 */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { ManualClock, turn } from '../base/clock.ts'
import type { Sink, SinkCommitter, SinkWriter } from '../operator/sink.ts'

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

/** Throws AssertionError. The output must be empty before; afterwards it is empty again. */
export async function checkSink<T>(options: SinkConformanceOptions<T>): Promise<void> {
  ok(options.records.length >= 8, 'pass at least 8 records')
  const run = new SinkRun(options)
  await run.start()
  const [first, second, third, fourth] = quarters(options.records)
  await run.expect([], 'output before anything was written')

  const committed = await run.writeAndPrepare(first!, 1)
  await run.expect([], 'output before its commit')
  await run.commit(committed)
  await run.expect([first!], 'the first commit')
  await run.commit(committed)
  await run.expect([first!], 'a commit that came twice')

  const later = await run.writeAndPrepare(second!, 2)
  await run.write(third!)
  await run.expect([first!], 'output of a checkpoint that is not complete')
  await run.commit(later)
  await run.expect([first!, second!], 'the second commit')

  const lost = await run.writeAndPrepare(fourth!, 3)
  ok(lost.length > 0, 'a checkpoint with records gave no committables')
  await run.close()
  await run.abort()
  await run.expect([first!, second!], 'output after a job that was withdrawn')
  await run.recover([...committed, ...later])
  await run.expect([first!, second!], 'output after a restore')
  await run.overwrite()
  await run.expect([], 'output that was to be overwritten')
}

class SinkRun<T> {
  readonly #options: SinkConformanceOptions<T>
  readonly #committer: SinkCommitter | undefined
  readonly #writers: readonly SinkWriter<T>[]

  constructor(options: SinkConformanceOptions<T>) {
    this.#options = options
    this.#committer = options.sink.committer?.()
    this.#writers = Array.from({ length: SUBTASKS }, (_, subtask) =>
      options.sink.writer({
        ...context,
        subtask,
        parallelism: SUBTASKS,
        attempt: 1,
        clock: new ManualClock(),
        wake: () => {},
      }),
    )
  }

  async start(): Promise<void> {
    await this.#committer?.start?.({ ...context, overwrite: false, restoring: false })
    for (const writer of this.#writers) await writer.open?.()
  }

  async overwrite(): Promise<void> {
    const again = this.#options.sink.committer?.()
    await again?.start?.({ ...context, overwrite: true, restoring: false })
    await again?.close?.()
    await this.#committer?.close?.()
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

  async writeAndPrepare(records: readonly T[], checkpointId: number): Promise<readonly unknown[]> {
    await this.write(records)
    const committables: unknown[] = []
    for (const writer of this.#writers) {
      committables.push(...(await writer.prepareCommit(checkpointId)))
    }
    const plain = structuredClone(committables)
    deepStrictEqual(plain, committables, 'a committable is not plain')
    return plain
  }

  async commit(committables: readonly unknown[]): Promise<void> {
    await this.#committer?.commit(committables, context)
  }

  async recover(committables: readonly unknown[]): Promise<void> {
    const again = this.#options.sink.committer?.()
    await again?.start?.({ ...context, overwrite: false, restoring: true })
    await again?.recover?.(committables, context)
    await again?.close?.()
  }

  async abort(): Promise<void> {
    await this.#committer?.abort?.(context)
  }

  async close(): Promise<void> {
    for (const writer of this.#writers) await writer.close()
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
}

function quarters<T>(records: readonly T[]): readonly (readonly T[])[] {
  const size = Math.ceil(records.length / 4)
  return [0, 1, 2, 3].map((k) => records.slice(k * size, (k + 1) * size))
}
