/**
 * Completes checkpoint 2 of a job and deletes checkpoint 1, as a job would; the disk kills it
 * somewhere on the way. Argument: the directory.
 */
import { systemClock } from '../../dist/base/clock.js'
import { JobDirectory } from '../../dist/checkpoint/job-directory.js'
import { encodeMetadata } from '../../dist/checkpoint/metadata.js'
import { packStateFile } from '../../dist/state/state-file.js'
import { checksumOf } from '../../dist/storage/checksum.js'

const options = { jobName: 'j', newLineage: 'l', historySize: 1, clock: systemClock }
const directory = await JobDirectory.open(process.argv[2], options)
await directory.cleanUp([1])
await complete(2)
await directory.history.append({ checkpointId: 2 })
await directory.deleteCheckpoint(1)
await directory.update({ status: 'finished' })
await directory.close()

async function complete(id) {
  const parts = packStateFile({ sections: [], parts: [] }, { compress: false })
  const bytes = parts.reduce((sum, { length }) => sum + length, 0)
  const blob = { name: `chk-${id}/state`, bytes, crc32: checksumOf(parts) }
  await directory.store.put(blob.name, parts)
  const tasks = [{ operators: [], sinks: [], channels: [], files: [{ kind: 'blob', blob }] }]
  const metadata = encodeMetadata({ checkpointId: id, vertices: [{ tasks }] })
  if (!(await directory.store.putIfAbsent(`chk-${id}/_metadata`, metadata))) {
    throw new Error('taken')
  }
}
