import { defineJob, schema, t } from 'sluice'
import { collection } from 'sluice/generator'
import { runInline } from 'sluice/testing'
import { expect, test } from 'vitest'

interface Order {
  id: string
  cents: number
}

const order = schema({ id: t.string, cents: t.int32 })

/** An exchange behind the declaration: that is where records are checked. */
const orders = (records: readonly Order[]) =>
  defineJob('orders', (env) => {
    env.from(collection(records)).schema(order).rebalance().collect('rows')
  })

test('records that are as declared pass an exchange', async () => {
  const records = [
    { id: 'a', cents: 1 },
    { id: 'b', cents: -5 },
  ]
  const { rows } = await runInline(orders(records))
  expect(rows('rows')).toEqual(records)
})

test.each([
  [{ id: 'a', cents: 1.5 }, /field 'cents' is 1.5, expected int32/],
  [{ id: 'a' }, /field 'cents' is missing/],
  [{ id: 'a', cents: 1, note: 'x' }, /field 'note' is 'x', not declared/],
])('%j fails where it leaves the task', async (record, message) => {
  await expect(runInline(orders([{ id: 'ok', cents: 2 }, record as Order]))).rejects.toMatchObject({
    code: 'RECORD_NOT_IN_SCHEMA',
    message: expect.stringMatching(message),
  })
})

test('the declaration holds behind filters and watermarks', async () => {
  const job = defineJob('orders', (env) => {
    env
      .from(collection([{ id: 'a', cents: 0.5 }]))
      .schema(order)
      .filter((one) => one.cents > 0)
      .watermarks({ time: 'cents' })
      .rebalance()
      .collect('rows')
  })
  await expect(runInline(job)).rejects.toMatchObject({ code: 'RECORD_NOT_IN_SCHEMA' })
})
