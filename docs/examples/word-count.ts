/**
 * How often each word occurs in the lines of text files.
 *
 *     npx sluice run docs/examples/word-count.ts --input README.md
 *
 * Prints a line for each word at the end: {"word":"the","count":12}
 */
import { defineJob, type Emit, print, schema, t, value } from 'sluice'
import { text } from 'sluice/file'

interface WordCount {
  word: string
  count: number
}

export default defineJob('word count', { args: schema({ input: t.string }) }, (env, args) => {
  env
    .from(text(args.input))
    .flatMap((line) => line.toLowerCase().match(/\p{Letter}+/gu) ?? [])
    .keyBy((word) => word)
    .process({
      state: { count: value(0) },
      process(_word, ctx) {
        ctx.state.count.set(ctx.state.count.get() + 1)
        // The end of the input is the end of event time.
        ctx.timers.onEventTime(Number.POSITIVE_INFINITY)
      },
      onTimer(_time, ctx, emit: Emit<WordCount>) {
        emit({ word: ctx.key, count: ctx.state.count.get() })
      },
    })
    .name('count words')
    .to(print())
})
