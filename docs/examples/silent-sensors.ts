/**
 * Which sensors stopped reporting: a timer for each sensor, moved on by each of its readings.
 *
 *     npx sluice run docs/examples/silent-sensors.ts --input readings.jsonl --output alerts
 *
 * A line of the input: {"sensor":"pump-3","time":1700000000000,"celsius":41.5}
 * Alerts go to files, and as they come to the program that runs the job: job.collect('alerts').
 * The command line prints them.
 */
import { defineJob, type Emit, schema, t, value } from 'sluice'
import { fromJsonLines, jsonLines } from 'sluice/file'

interface Reading {
  sensor: string
  /** Epoch ms. */
  time: number
  celsius: number
}

interface Alert {
  sensor: string
  /** Time of the last reading, epoch ms. */
  silentSince: number
  /** The last readings before the silence, oldest first. */
  lastCelsius: number[]
}

const SILENCE_MS = 60_000
const READINGS_KEPT = 3

/** Checked, so that nothing starts when one is missing or misspelt. */
const args = schema({ input: t.string, output: t.string })

export default defineJob('silent sensors', { args }, (env, args) => {
  const alerts = env
    .from(fromJsonLines<Reading>(args.input))
    .watermarks({ time: 'time', outOfOrder: '5 s', idle: '30 s' })
    .keyBy('sensor')
    .process({
      state: { lastTime: value(0), lastCelsius: value<number[]>([]) },
      process(reading, ctx) {
        const lastTime = ctx.state.lastTime.get()
        if (lastTime > 0) ctx.timers.deleteEventTime(lastTime + SILENCE_MS)
        const time = Math.max(lastTime, reading.time)
        ctx.state.lastTime.set(time)
        const lastCelsius = [...ctx.state.lastCelsius.get(), reading.celsius]
        ctx.state.lastCelsius.set(lastCelsius.slice(-READINGS_KEPT))
        ctx.timers.onEventTime(time + SILENCE_MS)
      },
      onTimer(_time, ctx, emit: Emit<Alert>) {
        emit({
          sensor: ctx.key,
          silentSince: ctx.state.lastTime.get(),
          lastCelsius: ctx.state.lastCelsius.get(),
        })
        ctx.state.lastTime.clear()
        ctx.state.lastCelsius.clear()
      },
    })
    .name('silence')
    .uid('silence')

  alerts.to(jsonLines(args.output))
  alerts.collect('alerts')
})
