/**
 * A stateless chain in one thread: source -> map -> filter -> discard. Every record is changed, and
 * every other one is dropped. Flink's side changes the record that it was given, and fills the same
 * one for the next; here both the source and the map make a record. V8 may see that the first of
 * them is looked at by the map alone, and keep it out of memory.
 */
import { defineJob } from 'sluice'
import { discard } from './discard.ts'
import { type Args, type Event, keyedEvents } from './keyed-events.ts'

export default defineJob('stateless', (env, args: Args) => {
  env
    .from(keyedEvents(args))
    .map(({ key, value }): Event => ({ key, value: value + 1 }))
    .filter(({ value }) => (value & 1) === 0)
    .to(discard())
})
