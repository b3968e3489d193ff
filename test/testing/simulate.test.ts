import { expect, test } from 'vitest'
import { defineJob, type Emit, value } from '../../src/api/index.ts'
import { generator } from '../../src/connector/generator/index.ts'
import { simulate, simulatedSink } from '../../src/testing/index.ts'

interface Visit {
  user: string
  visit: number
}

test('a job that keeps all in state gives each row once, whatever happens to it', async () => {
  const sink = simulatedSink<Visit>('visits')
  const job = defineJob('visits', (env) => {
    env
      .from(generator({ count: 90, make: (index) => ({ user: `user ${index % 3}` }), splits: 2 }))
      .keyBy('user')
      .process({
        state: { visits: value(0) },
        process({ user }, { state }, emit: Emit<Visit>) {
          state.visits.set(state.visits.get() + 1)
          emit({ user, visit: state.visits.get() })
        },
      })
      .to(sink)
  })
  let restarts = 0
  for (let seed = 1; seed <= 20; seed++) {
    const result = await simulate(job, { seed, parallelism: [1, 2, 3] })
    restarts += result.restarts + result.processes - 1
    const visits = result.rows<Visit>('visits').map(({ user, visit }) => `${user} ${visit}`)
    expect(new Set(visits).size).toBe(90)
    expect(visits.length).toBe(90)
  }
  expect(restarts).toBeGreaterThan(10)
})

test('what a job keeps in a variable is found', async () => {
  const sink = simulatedSink<Visit>('visits')
  const visits = new Map<string, number>()
  const job = defineJob('forgetful', (env) => {
    env
      .from(generator({ count: 900, make: (index) => ({ user: `user ${index % 3}` }) }))
      .map(({ user }) => {
        visits.set(user, (visits.get(user) ?? 0) + 1)
        return { user, visit: visits.get(user)! }
      })
      .to(sink)
  })
  const largest: number[] = []
  for (let seed = 1; seed <= 20; seed++) {
    visits.clear()
    const { rows } = await simulate(job, { seed })
    largest.push(Math.max(...rows<Visit>('visits').map(({ visit }) => visit)))
  }
  expect(Math.max(...largest)).toBeGreaterThan(300)
})
