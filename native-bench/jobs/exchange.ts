/**
 * One exchange: source -> rebalance -> map -> discard, over records of a string and a number. On
 * both sides each record is encoded, passed to another thread and decoded. Flink decodes into the
 * same object each time and the map changes that one; here both make a record. Flink's records wait
 * up to 100 ms for a buffer to be full, ours 5 ms for a page.
 */
import { defineJob } from 'sluice'
import { discard } from './discard.ts'
import { type Args, type Event, keyedEvents } from './keyed-events.ts'

export default defineJob('exchange', (env, args: Args) => {
  env
    .from(keyedEvents(args))
    .rebalance()
    .map(({ key, value }): Event => ({ key, value: value + 1 }))
    .to(discard())
})
