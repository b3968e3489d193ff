/**
 * The keyed count with more keys than one wants to keep twice: each key is made when it is read, so
 * that the memory of the process is that of the keyed state. Making a key costs the source some 100
 * ns, in a thread of its own.
 */
import { blackhole, defineJob, type Emit, value } from 'sluice'
import { type Args, keyedEvents } from './keyed-events.ts'

export default defineJob('many keys', (env, args: Args) => {
  env
    .from(keyedEvents({ ...args, late: true }))
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
