/** A small job with one exchange, whose first row is waited for. */
import { defineJob } from 'sluice'
import { collection } from 'sluice/generator'

export default defineJob('first record', (env) => {
  env
    .from(collection([{ word: 'a' }, { word: 'b' }]))
    .keyBy('word')
    .reduce((one) => one)
    .collect('rows')
})
