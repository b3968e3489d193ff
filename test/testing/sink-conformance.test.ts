/** The suite finds what is wrong with a sink: each fault here breaks one rule of the contract. */
import { expect, test } from 'vitest'
import type { RecoverContext, Sink, SinkCommitter, SinkWriter } from '../../src/operator/sink.ts'
import { checkSink } from '../../src/testing/sink-conformance.ts'

interface Part {
  readonly id: string
  readonly checkpointId: number
  readonly records: readonly number[]
}

type Fault =
  | 'none'
  | 'visible at once'
  | 'commits twice'
  | 'belongs to the wrong checkpoint'
  | 'forgets what is kept'
  | 'recovers twice'
  | 'does not withdraw'
  | 'commits nothing after a restore'

/** A sink whose output is an array. */
class ArraySink {
  readonly #fault: Fault
  #published: Part[] = []
  #prepared = 0
  #discarded: readonly unknown[] = []

  constructor(fault: Fault) {
    this.#fault = fault
  }

  read(): readonly number[] {
    const parts = [...this.#published].sort((a, b) => a.checkpointId - b.checkpointId)
    return parts.flatMap((part) => part.records)
  }

  sink(): Sink<number> {
    return {
      kind: 'array',
      name: 'array',
      options: {},
      canWithdraw: true,
      writer: ({ subtask }) => this.#writer(subtask),
      committer: () => this.#committer(),
    }
  }

  #writer(subtask: number): SinkWriter<number> {
    let records: number[] = []
    const prepareCommit = async (checkpointId: number) => {
      if (this.#fault === 'belongs to the wrong checkpoint') await Promise.resolve()
      const part = { id: `${subtask}-${this.#prepared++}`, checkpointId, records }
      records = []
      return [part]
    }
    const write = (record: number) => {
      if (this.#fault !== 'visible at once') records.push(record)
      else this.#published.push({ id: String(record), checkpointId: 0, records: [record] })
    }
    return { ready: () => true, write, prepareCommit, close: () => {} }
  }

  #committer(): SinkCommitter {
    return {
      start: async ({ overwrite }) => {
        if (overwrite) this.#published = []
      },
      commit: async (parts) => this.#commit(parts as readonly Part[]),
      recover: async (parts, context) => this.#recover(parts as readonly Part[], context),
      abort: async ({ keep }) => {
        if (this.#fault === 'forgets what is kept') this.#discarded = keep
      },
    }
  }

  #commit(parts: readonly Part[]): void {
    const twice = this.#fault === 'commits twice'
    const known = new Set(this.#published.map((part) => part.id))
    this.#published.push(...parts.filter((part) => twice || !known.has(part.id)))
  }

  #recover(parts: readonly Part[], { restored }: RecoverContext): void {
    const { checkpointId } = restored
    if (this.#fault === 'commits nothing after a restore') return
    if (this.#fault === 'recovers twice') this.#published.push(...parts)
    const discarded = (this.#discarded as readonly Part[]).map((part) => part.id)
    this.#commit(parts.filter((part) => !discarded.includes(part.id)))
    if (this.#fault === 'does not withdraw') return
    this.#published = this.#published.filter((part) => part.checkpointId <= checkpointId)
  }
}

const records = Array.from({ length: 16 }, (_, i) => i)

async function check(fault: Fault): Promise<void> {
  const output = new ArraySink(fault)
  await checkSink({ sink: output.sink(), records, read: () => output.read() })
}

test('a sink that keeps the contract passes', async () => {
  await check('none')
})

test.each([
  ['visible at once', 'output before its commit'],
  ['commits twice', 'a commit that came twice'],
  ['belongs to the wrong checkpoint', 'a commit of what was prepared before more was written'],
  ['forgets what is kept', 'output after a restore'],
  ['commits nothing after a restore', 'output after a restore'],
  ['recovers twice', 'output after a restore'],
  ['does not withdraw', 'output after a restore of an older checkpoint'],
] as const)('a sink that is wrong is refused: %s', async (fault, message) => {
  await expect(check(fault)).rejects.toThrow(message)
})
