/**
 * The events as lines of text, for hashes and for comparison with other implementations.
 */
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { configOf, type NexmarkOptions } from './config.ts'
import { canonicalLine } from './events.ts'
import { NexmarkGenerator } from './generator.ts'

const BLOCK_EVENTS = 500

/** Writes the first `events` events, one line each; waits while the reader is slower. */
export async function printEvents(
  to: Writable,
  options: NexmarkOptions & { readonly events: number },
): Promise<void> {
  const config = configOf(options)
  const generator = new NexmarkGenerator(config, BLOCK_EVENTS)
  for (let done = 0; done < config.events; done += BLOCK_EVENTS) {
    generator.fill(done, Math.min(BLOCK_EVENTS, config.events - done))
    if (!to.write(linesOf(generator), 'latin1')) await once(to, 'drain')
  }
}

function linesOf(generator: NexmarkGenerator): string {
  let lines = ''
  for (let i = 0; i < generator.count; i++) lines += `${canonicalLine(generator.record(i))}\n`
  return lines
}
