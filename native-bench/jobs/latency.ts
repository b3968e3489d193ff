/** Keyed count of records that know when they were due, and how late each result is. */
import { defineJob, type Emit, value } from 'sluice'
import { LatencyFigures } from '../latency/figures.ts'
import { type PacedOptions, paced } from '../latency/paced.ts'
import { type RecorderOptions, recorder } from '../latency/recorder.ts'

export interface Args extends PacedOptions, RecorderOptions {
  /** Made by `LatencyFigures.allocate`. */
  figures: SharedArrayBuffer
}

interface Result {
  key: string
  count: number
  dueMs: number
}

export default defineJob('latency', (env, { figures: buffer, warmUpMs, ...source }: Args) => {
  const figures = new LatencyFigures(buffer)
  env
    .from(paced(source, figures))
    .keyBy('key')
    .process({
      state: { count: value(0) },
      process({ key, dueMs }, ctx, emit: Emit<Result>) {
        const count = ctx.state.count.get() + 1
        ctx.state.count.set(count)
        emit({ key, count, dueMs })
      },
    })
    .to(recorder({ warmUpMs }, figures))
})
