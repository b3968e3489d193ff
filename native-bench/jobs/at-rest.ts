/** Four subtasks in all, with nothing to do: for the memory of an embedded job. */
import { blackhole, defineJob } from 'sluice'
import { generator } from 'sluice/generator'

export default defineJob('at rest', (env) => {
  env
    .from(generator<{ key: string }>({ rate: 1, make: (i) => ({ key: `k${i}` }) }))
    .parallelism(2)
    .keyBy('key')
    .reduce((one) => one)
    .parallelism(2)
    .to(blackhole())
})
