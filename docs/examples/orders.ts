/**
 * Revenue of each shop by the hour, with everything that could not be counted set aside: lines that
 * are no JSON, orders that make no sense, and orders that came too late for their hour.
 *
 *     npx sluice run docs/examples/orders.ts --input orders.jsonl --output out
 *
 * A line of the input: {"shop":"Oslo","time":1700000000000,"amount":12.5}
 */
import {
  count,
  defineJob,
  max,
  output,
  schema,
  sum,
  t,
  tumbling,
  type UnreadableRecord,
} from 'sluice'
import { fromJsonLines, jsonLines } from 'sluice/file'

interface Order {
  shop: string
  /** Epoch ms. */
  time: number
  amount: number
}

const unreadable = output<UnreadableRecord>('unreadable')
const refused = output<{ order: Order; reason: string }>('refused')
const late = output<Order>('late')

/** Checked, so that nothing starts when one is missing or misspelt. */
const args = schema({ input: t.string, output: t.string })

export default defineJob('orders', { args }, (env, args) => {
  const lines = env.from(
    fromJsonLines<Order>(args.input, { onUnreadable: { sideOutput: unreadable } }),
  )

  const orders = lines
    .process<Order>((order, ctx, emit) => {
      const reason = problemOf(order)
      if (reason === undefined) emit(order)
      else ctx.emitTo(refused, { order, reason })
    })
    .name('check orders')

  const revenue = orders
    .watermarks({ time: 'time', outOfOrder: '10 min' })
    .keyBy('shop')
    .window(tumbling('1 h'))
    .lateTo(late)
    .aggregate({ orders: count(), revenue: sum('amount'), largest: max('amount') })
    .name('hourly revenue')
    .uid('revenue')

  revenue
    .map(({ key, window, ...totals }) => ({
      shop: key,
      hour: new Date(window.start).toISOString(),
      ...totals,
    }))
    .to(jsonLines(`${args.output}/revenue`))

  lines.sideOutput(unreadable).to(jsonLines(`${args.output}/unreadable`))
  orders.sideOutput(refused).to(jsonLines(`${args.output}/refused`))
  revenue.sideOutput(late).to(jsonLines(`${args.output}/late`))
})

function problemOf(order: Order): string | undefined {
  if (typeof order.shop !== 'string' || order.shop === '') return 'no shop'
  if (!Number.isFinite(order.time)) return 'no time'
  return order.amount > 0 ? undefined : 'no amount'
}
