/** Keyed count: one exchange by a string key, a running count in keyed state, results discarded. */
import { blackhole, defineJob, type Emit, value } from 'sluice'
import { generator } from 'sluice/generator'

export interface Event {
  key: string
  value: number
}

/** Without a number of records the job has no end. */
export interface Args {
  records?: number
  keys: number
}

export default defineJob('keyed count', (env, args: Args) => {
  const keys = Array.from({ length: args.keys }, (_, k) => `key-${String(k).padStart(6, '0')}`)
  // A fixed walk over the keys that visits all of them in no order: no cache is favoured.
  const step = 7919

  env
    .from(
      generator<Event>({
        ...(args.records === undefined ? {} : { count: args.records }),
        make: (i) => ({ key: keys[(i * step) % args.keys]!, value: i & 0xffff }),
      }),
    )
    .keyBy('key')
    .process({
      state: { count: value(0) },
      process(event, ctx, emit: Emit<{ key: string; count: number }>) {
        const count = ctx.state.count.get() + 1
        ctx.state.count.set(count)
        emit({ key: event.key, count })
      },
    })
    .to(blackhole())
})
