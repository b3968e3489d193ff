/** The records of the keyed count, however they are counted. */
import type { Source } from 'sluice'
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

export function keyedEvents(args: Args): Source<Event> {
  const keys = Array.from({ length: args.keys }, (_, k) => `key-${String(k).padStart(6, '0')}`)
  // A fixed walk over the keys that visits all of them in no order: no cache is favoured.
  const step = 7919
  return generator<Event>({
    ...(args.records === undefined ? {} : { count: args.records }),
    make: (i) => ({ key: keys[(i * step) % args.keys]!, value: i & 0xffff }),
  })
}
