/**
 * Keyed count: one exchange by a key, a running count in keyed state, results discarded. Flink's
 * side fills one record and one result again and again; ours makes each anew.
 */
import { defineJob, type Emit, value } from 'sluice'
import { discard } from './discard.ts'
import { type Args, keyedEvents } from './keyed-events.ts'

export default defineJob('keyed count', (env, args: Args) => {
  env
    .from(keyedEvents<string | number>(args))
    .keyBy('key')
    .process({
      state: { count: value(0) },
      process(event, ctx, emit: Emit<{ key: string | number; count: number }>) {
        const count = ctx.state.count.get() + 1
        ctx.state.count.set(count)
        emit({ key: event.key, count })
      },
    })
    .to(discard())
})
