/** The keyed count by declared aggregates: nothing of the user's sees a record. */
import { blackhole, count, defineJob } from 'sluice'
import { generator } from 'sluice/generator'
import type { Args, Event } from './keyed-count.ts'

export default defineJob('keyed aggregate', (env, args: Args) => {
  const keys = Array.from({ length: args.keys }, (_, k) => `key-${String(k).padStart(6, '0')}`)
  const step = 7919

  env
    .from(
      generator<Event>({
        ...(args.records === undefined ? {} : { count: args.records }),
        make: (i) => ({ key: keys[(i * step) % args.keys]!, value: i & 0xffff }),
      }),
    )
    .keyBy('key')
    .aggregate({ count: count() })
    .to(blackhole())
})
