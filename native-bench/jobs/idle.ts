/** An unbounded source that gives nothing: what a job costs that waits for its input. */
import { blackhole, defineJob, type Source, value } from 'sluice'

interface Event {
  key: string
}

/** A split for each subtask, and never a batch. */
const silent: Source<Event> = {
  kind: 'silent',
  name: 'silent',
  options: {},
  bounded: false,
  enumerator: ({ parallelism }) => ({
    discover: async () => Array.from({ length: parallelism }, (_, k) => ({ id: `silent-${k}` })),
  }),
  reader: () => ({ open() {}, next: () => 'later', close() {} }),
}

export default defineJob('idle', (env) => {
  env
    .from(silent)
    .keyBy('key')
    .process({
      state: { seen: value(0) },
      process(_, { state }) {
        state.seen.set(state.seen.get() + 1)
      },
    })
    .to(blackhole())
})
