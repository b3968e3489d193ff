// Reads and decodes every n-th row group of a Parquet file, and does nothing else.
import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { parquetMetadataAsync, parquetRead, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { parquet } from 'sluice/file'

const { input, index, of, mode } = workerData
const ways = {
  'library rows': libraryRows,
  'library columns': libraryColumns,
  'own reader': ownRows,
}

parentPort.once('message', async () => {
  parentPort.postMessage(await ways[mode]())
})
parentPort.postMessage('ready')

/** hyparquet as its users call it: an object a row. */
async function libraryRows() {
  return libraryGroups(async (options) => (await parquetReadObjects(options)).length)
}

/** hyparquet's decoded columns, no rows made. */
async function libraryColumns() {
  return libraryGroups(async (options) => {
    let count = 0
    const onChunk = ({ columnName, columnData }) => {
      if (columnName === 'delay') count += columnData.length
    }
    await parquetRead({ ...options, onChunk })
    return count
  })
}

async function libraryGroups(read) {
  const bytes = readFileSync(input)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  const metadata = await parquetMetadataAsync(file)
  let rowStart = 0
  let count = 0
  for (const [k, group] of metadata.row_groups.entries()) {
    const rowEnd = rowStart + Number(group.num_rows)
    if (k % of === index) count += await read({ file, metadata, compressors, rowStart, rowEnd })
    rowStart = rowEnd
  }
  return count
}

/** The reader of this package, every row made. */
async function ownRows() {
  const source = parquet(input)
  const splits = await source.enumerator({ parallelism: of }).discover()
  const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() }
  const reader = source.reader({ subtask: index, parallelism: of, clock, wake: () => {} })
  let count = 0
  for (let i = index; i < splits.length; i += of) {
    await reader.open(splits[i], undefined)
    for (let batch = await reader.next(); batch !== undefined; batch = await reader.next()) {
      for (let k = 0; k < batch.count; k++) if (batch.record(k).delay !== undefined) count++
    }
  }
  await reader.close()
  return count
}
