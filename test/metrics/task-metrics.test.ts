import { expect, test } from 'vitest'
import {
  allocateTaskMetrics,
  readTaskMetrics,
  TaskMetrics,
} from '../../src/metrics/task-metrics.ts'

test('counters are read as their owner wrote them, those of each operator in their order', () => {
  const buffer = allocateTaskMetrics(2)
  const metrics = new TaskMetrics(buffer)
  metrics.add('recordsIn', 3)
  metrics.add('recordsIn', 4)
  metrics.set('idleMs', 0.5)
  metrics.setOperator(1, 7, 2 ** 40)
  expect(metrics.get('recordsIn')).toBe(7)
  expect(readTaskMetrics(buffer)).toMatchObject({
    recordsIn: 7,
    idleMs: 0.5,
    watermarkMs: Number.NEGATIVE_INFINITY,
    operators: [
      { recordsIn: 0, recordsOut: 0 },
      { recordsIn: 7, recordsOut: 2 ** 40 },
    ],
  })
})
