/**
 * The chain of backpressure.ts, with a sink whose speed may be changed while it runs, and that
 * notes how old records are when they come: how long each has waited for it.
 */
import { defineJob } from 'sluice'
import { generator } from 'sluice/generator'
import { discard } from './discard.ts'
import { sleep } from './spend.ts'

interface Args {
  /**
   * Float64: what the sink takes for a record, in us; then for each subtask of it how many records
   * have come, and the sum of their ages in ms.
   */
  notes: SharedArrayBuffer
}

const KILOBYTE = 'k'.repeat(1000)

export default defineJob('aged', (env, args: Args) => {
  const notes = new Float64Array(args.notes)
  const nowMs = () => performance.timeOrigin + performance.now()
  env
    .from(generator({ make: (key) => ({ key, text: KILOBYTE, madeMs: 0 }) }))
    .name('source')
    .rebalance()
    .map((record) => ({ ...record, madeMs: nowMs() }))
    .name('map')
    .rebalance()
    .to({
      ...discard(),
      name: 'sink',
      writer: ({ subtask }) => ({
        write(record: unknown) {
          notes[1 + 2 * subtask]! += 1
          notes[2 + 2 * subtask]! += nowMs() - (record as { madeMs: number }).madeMs
          sleep(notes[0]!)
        },
        ready: () => true,
        prepareCommit: () => [],
        close() {},
      }),
    })
})
