/** Besides keyed state: lists of subtasks, exchanges of every kind, committed output, clocks. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  defineJob,
  type Emit,
  list,
  map,
  output,
  type Sink,
  type Stream,
  value,
} from '../../src/api/index.ts'
import { collection, generator } from '../../src/connector/generator/index.ts'
import { runInline } from '../../src/testing/index.ts'
import { crashing, rescaling } from './disturbances.ts'

const RUNS = Number(process.env.RUNS ?? 25)
const numbers = (n: number) => Array.from({ length: n }, (_, i) => i)
const sorted = (rows: readonly number[]) => [...rows].sort((a, b) => a - b)

/** More than any run of these has. */
const SUBTASKS_MAX = 4

/** Each subtask keeps what it gets until the end, which comes to each of them. */
const gathering = defineJob('gathering', (env, { records }: { records: number }) => {
  const items = numbers(records).map((n) => ({ n, to: (n * 7) % 5, isEnd: false }))
  const ends = numbers(SUBTASKS_MAX).map((to) => ({ n: -1, to, isEnd: true }))
  env
    .from(collection([...items, ...ends]))
    .partitionCustom('to', (to, subtasks) => to % subtasks)
    .process({
      state: { kept: list<{ n: number }>() },
      process({ n, isEnd }, { state }, emit: Emit<number>) {
        if (!isEnd) return state.kept.add({ n })
        for (const kept of state.kept) emit(kept.n)
        state.kept.clear()
      },
    })
    .collect('kept')
})

test('lists of subtasks keep each item once, however they are dealt out', async () => {
  const property = fc.asyncProperty(rescaling, async (options) => {
    const { rows } = await runInline(gathering, { ...options, args: { records: 70 } })
    expect(sorted(rows('kept'))).toEqual(numbers(70))
  })
  await fc.assert(property, { numRuns: RUNS })
})

const exchanges = ['rebalance', 'rescale', 'global', 'custom', 'union', 'sides', 'hash'] as const
type Exchange = (typeof exchanges)[number]

const exchanging = defineJob('exchanging', (env, args: { exchanges: readonly Exchange[] }) => {
  let stream: Stream<number> = env.from(generator({ count: 60, make: (n) => n, splits: 3 }))
  args.exchanges.forEach((exchange, index) => {
    stream = behind(stream, exchange, `sides ${index}`)
  })
  stream.collect('rows')
})

function behind(stream: Stream<number>, exchange: Exchange, tag: string): Stream<number> {
  const same = (n: number) => n
  switch (exchange) {
    case 'custom':
      return stream.partitionCustom(same, (n, subtasks) => n % subtasks).map(same)
    case 'union':
      return stream.union(stream.rebalance().filter((n) => n % 3 === 0))
    case 'sides': {
      const odd = output<number>(tag)
      const even = stream.process<number>((n, ctx, emit) => {
        if (n % 2 === 0) emit(n)
        else ctx.emitTo(odd, n)
      })
      return even.sideOutput(odd).rescale().map(same).union(even)
    }
    case 'hash':
      return stream
        .keyBy((n) => n % 7)
        .process({
          state: { seen: value(0) },
          process(n, { state }, emit: Emit<number>) {
            state.seen.set(state.seen.get() + 1)
            emit(n)
          },
        })
    default:
      return stream[exchange]().map(same)
  }
}

test('records cross every exchange once, whatever barriers stand in it', async () => {
  const jobs = fc.array(fc.constantFrom(...exchanges), { minLength: 1, maxLength: 4 })
  const property = fc.asyncProperty(jobs, rescaling, async (exchanges, options) => {
    const undisturbed = await runInline(exchanging, { args: { exchanges } })
    const { rows } = await runInline(exchanging, { ...options, args: { exchanges } })
    expect(sorted(rows('rows'))).toEqual(sorted(undisturbed.rows('rows')))
  })
  await fc.assert(property, { numRuns: RUNS })
})

interface Part {
  readonly id: string
  readonly checkpointId: number
  readonly rows: readonly number[]
}

/** Published output as a database would hold it, slow to prepare and to commit. */
class Published {
  readonly parts = new Map<string, Part>()

  sink(): Sink<number> {
    return {
      kind: 'published',
      name: 'published',
      options: {},
      writer: ({ attempt, subtask }) => {
        let rows: number[] = []
        return {
          write: (n) => void rows.push(n),
          ready: () => true,
          async prepareCommit(checkpointId): Promise<readonly Part[]> {
            const part = { id: `${attempt} ${subtask} ${checkpointId}`, checkpointId, rows }
            rows = []
            for (let turns = checkpointId % 4; turns > 0; turns--) await turn()
            return part.rows.length === 0 ? [] : [part]
          },
          close: () => {},
        }
      },
      committer: () => ({
        commit: (parts) => this.#publish(parts as readonly Part[]),
        recover: async (parts, { restored }) => {
          for (const { id, checkpointId } of [...this.parts.values()]) {
            if (checkpointId > restored.checkpointId) this.parts.delete(id)
          }
          await this.#publish(parts as readonly Part[])
        },
      }),
    }
  }

  get rows(): readonly number[] {
    return [...this.parts.values()].flatMap(({ rows }) => rows)
  }

  async #publish(parts: readonly Part[]): Promise<void> {
    for (const part of parts) {
      await turn()
      this.parts.set(part.id, part)
    }
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('output that is committed with checkpoints is there once', async () => {
  const property = fc.asyncProperty(fc.oneof(crashing, rescaling), async (options) => {
    const published = new Published()
    const job = defineJob('publishing', (env) => {
      env
        .from(generator({ count: 80, make: (n) => n, splits: 2 }))
        .rebalance()
        .map((n) => n)
        .to(published.sink())
    })
    await runInline(job, options)
    expect(sorted(published.rows)).toEqual(numbers(80))
  })
  await fc.assert(property, { numRuns: RUNS })
})

test('timers of the clock that a checkpoint holds fire once, at their time', async () => {
  const job = defineJob('reminders', (env) => {
    env
      .from(generator({ count: 20, rate: 10, make: (n) => ({ n, key: n % 3 }), splits: 1 }))
      .keyBy('key')
      .process({
        state: { due: map<number, number>() },
        process({ n }, { state, timers, processingTime }) {
          if (n >= 10) return
          const at = processingTime + 650 + n / 100
          state.due.set(at, n)
          timers.onProcessingTime(at)
          timers.onProcessingTime(at + 1)
          timers.deleteProcessingTime(at + 1)
        },
        onTimer(at, { state, processingTime }, emit: Emit<Fired>) {
          emit({ n: state.due.get(at), lateMs: processingTime - at })
        },
      })
      .collect('fired')
  })
  for (const parallelism of [1, 3]) {
    const result = await runInline(job, {
      checkpoints: { interval: '230 ms' },
      crashes: { afterCheckpoints: [1, 3, 4], parallelism: [2, parallelism] },
      parallelism,
    })
    expect(result.restarts).toBe(3)
    const fired = result.rows<Fired>('fired').toSorted((a, b) => (a.n ?? -1) - (b.n ?? -1))
    expect(fired).toEqual(numbers(10).map((n) => ({ n, lateMs: 0 })))
  }
})

interface Fired {
  readonly n: number | undefined
  readonly lateMs: number
}
