/**
 * One source and several consumers: each record goes to one of them in turn, or to all of them. The
 * source's thread encodes for all channels, which is what is measured.
 */
import { defineJob } from 'sluice'
import { discard } from './discard.ts'
import { type Args as EventArgs, keyedEvents } from './keyed-events.ts'

export interface Args extends EventArgs {
  consumers: number
  to: 'one in turn' | 'all'
}

export default defineJob('fan-out', (env, { consumers, to, ...events }: Args) => {
  const source = env.from(keyedEvents(events)).parallelism(1)
  const dealt = to === 'all' ? source.broadcast() : source.rebalance()
  dealt
    .map(({ value }) => ({ value }))
    .parallelism(consumers)
    .to(discard())
    .parallelism(consumers)
})
