/** In which order output is committed, and what becomes of it when that fails. */
import { expect, test } from 'vitest'
import { JobSinks } from '../../src/coordinator/job-sinks.ts'
import { OutputCommits } from '../../src/coordinator/output-commits.ts'
import type { AbortContext, Sink } from '../../src/operator/sink.ts'

const committablesOf = (...committables: readonly string[]) => [
  { checkpointId: 5, operatorId: 'sink', committables },
]

test('output behind a commit that fails stays: its checkpoint may be restored', async () => {
  const kept: unknown[] = []
  const sink: Sink<unknown> = {
    kind: 'noted',
    name: 'noted',
    options: {},
    writer: () => {
      throw new Error('nobody writes here')
    },
    committer: () => ({
      commit: async () => {
        throw new Error('no')
      },
      abort: async ({ keep }: AbortContext) => void kept.push(...keep),
    }),
  }
  const options = { lineage: 'l', overwrite: false, checkpointing: true }
  const sinks = new JobSinks([{ operatorId: 'sink', sink }], options)
  await sinks.start()
  const commits = new OutputCommits(sinks)
  const first = commits.commit(committablesOf('a'))
  const second = commits.commit(committablesOf('b', 'c'))
  await expect(first).rejects.toMatchObject({ code: 'OUTPUT_FAILED' })
  await expect(second).rejects.toMatchObject({ code: 'OUTPUT_FAILED' })
  await sinks.abort({ goesOn: true })
  expect(kept).toEqual(['a', 'b', 'c'])
})
