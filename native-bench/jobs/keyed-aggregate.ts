/** The keyed count by declared aggregates: nothing of the user's sees a record. */
import { count, defineJob } from 'sluice'
import { discard } from './discard.ts'
import { type Args, keyedEvents } from './keyed-events.ts'

export default defineJob('keyed aggregate', (env, args: Args) => {
  env
    .from(keyedEvents<string | number>(args))
    .keyBy('key')
    .aggregate({ count: count() })
    .to(discard())
})
