/**
 * Uses a side pool and says what was going on, as a line of JSON. Ends by itself. Arguments: a
 * directory, and whether to close the pool.
 */
import { subscribe } from 'node:diagnostics_channel'
import { SidePool } from '../../dist/coordinator/side-pool.js'

const [, , directory, ending] = process.argv
const threads = []
subscribe('worker_threads', ({ worker }) => threads.push(worker))

const pool = new SidePool()
const before = threads.length
const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `chk-1/${name}`)
const blobs = await Promise.all(names.map(write))
const during = threads.filter(({ threadId }) => threadId !== -1).length
if (ending === 'close') await pool.close()
const after = threads.filter(({ threadId }) => threadId !== -1).length
process.stdout.write(JSON.stringify({ before, during, after, blobs }))

function write(name) {
  const bytes = new Uint8Array(1000)
  const sections = [{ operatorId: 'a', name: 'x', kind: 'value', detail: '' }]
  const chunk = { sections, parts: [{ section: 0, keyGroup: 0, entries: 1, bytes }] }
  const store = { kind: 'file', directory }
  return pool.writeStateFile({ store, name, chunk, compress: true })
}
