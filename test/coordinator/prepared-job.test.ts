/** What is refused before a thread is started. */
import { expect, test } from 'vitest'
import { defineJob } from '../../src/api/job.ts'
import { blackhole } from '../../src/api/sinks.ts'
import { collection } from '../../src/connector/generator/collection.ts'
import { prepareJob } from '../../src/coordinator/prepared-job.ts'

const twoChains = defineJob('two chains', (env) => {
  env
    .from(collection(['a']))
    .keyBy((word) => word)
    .reduce((word) => word)
    .to(blackhole())
})

test('a job with more tasks than a process can hold threads is refused', async () => {
  await expect(prepareJob(twoChains, { parallelism: 1000 })).rejects.toMatchObject({
    code: 'TOO_MANY_TASKS',
    message: "job 'two chains' has 2000 tasks, each a thread; at most 1024 fit",
    hint: 'lower the parallelism',
  })
  const { execution } = await prepareJob(twoChains, { parallelism: 512 })
  expect(execution.tasks).toHaveLength(1024)
})
