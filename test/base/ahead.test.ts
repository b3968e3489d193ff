import { expect, test } from 'vitest'
import { ahead } from '../../src/base/ahead.ts'

test('results come in order, and the next ones are begun before they are asked for', async () => {
  const events: string[] = []
  const actions = [1, 2, 3, 4, 5].map((id) => async () => {
    events.push(`begin ${id}`)
    return id
  })
  for await (const id of ahead(actions)) events.push(`take ${id}`)
  expect(events.filter((event) => event.startsWith('take'))).toEqual([
    'take 1',
    'take 2',
    'take 3',
    'take 4',
    'take 5',
  ])
  expect(events.slice(3, 6)).toEqual(['begin 4', 'take 1', 'begin 5'])
})

test('the first failure is told, and what was begun behind it fails in silence', async () => {
  const actions = [1, 2, 3].map((id) => async () => {
    if (id > 1) throw new Error(`${id} failed`)
    return id
  })
  const taken: number[] = []
  const all = async () => {
    for await (const id of ahead(actions)) taken.push(id)
  }
  await expect(all()).rejects.toThrow('2 failed')
  expect(taken).toEqual([1])
})
