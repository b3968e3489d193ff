/** Answers each message with what the clock says in this thread. Runs compiled code. */
import { parentPort } from 'node:worker_threads'
import { systemClock } from '../../dist/base/clock.js'

parentPort.on('message', () => parentPort.postMessage(systemClock.monotonicMs()))
