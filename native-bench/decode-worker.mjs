// Reads and decodes every n-th split of a Parquet file, and does nothing else.
import { parentPort, workerData } from 'node:worker_threads'
import { parquet } from 'sluice/file'

const { input, index, of, rows } = workerData
const source = parquet(input)
const splits = await source.enumerator({ parallelism: of }).discover()
const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() }
const reader = source.reader({ subtask: index, parallelism: of, clock, wake: () => {} })

parentPort.once('message', async () => {
  let count = 0
  let touched = 0
  for (let i = index; i < splits.length; i += of) {
    await reader.open(splits[i], undefined)
    for (let batch = await reader.next(); batch !== undefined; batch = await reader.next()) {
      if (rows) touched += touchAll(batch)
      count += batch.count
    }
  }
  await reader.close()
  parentPort.postMessage({ count, touched })
})
parentPort.postMessage('ready')

function touchAll(batch) {
  let sum = 0
  for (let i = 0; i < batch.count; i++) sum += batch.record(i).delay
  return sum
}
