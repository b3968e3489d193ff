/** One of Nexmark's queries over one of its sources, results discarded. */
import { defineJob, type Stream } from 'sluice'
import type { Bid, NexmarkEvent } from '../nexmark/events.ts'
import { type NexmarkSourceOptions, nexmark } from '../nexmark/source.ts'
import {
  channelQueries,
  type StatelessQuery,
  statelessQueries,
} from '../nexmark/stateless-queries.ts'
import { discard } from './discard.ts'

/** Without `events` the job has no end. */
export interface Args extends NexmarkSourceOptions {
  query: StatelessQuery
  /** Gives the results as the rows of this name. */
  collect?: string
}

export default defineJob('nexmark', (env, { query, collect, ...options }: Args) => {
  const flinkCompat = options.flinkCompat ?? channelQueries.includes(query)
  const bids = env
    .from(nexmark({ ...options, flinkCompat }))
    .filter((event: NexmarkEvent): event is Bid => event.kind === 'bid')
  const results: Stream<object> = statelessQueries[query](bids)
  if (collect === undefined) results.to(discard())
  else results.collect(collect)
})
