/**
 * Standard output as one end of a pipe: its reader may be slow, and may go away.
 * Main thread.
 */
import { once } from 'node:events'

/** Resolves when the next line may come, so that a slow reader holds the job back. */
export async function printLine(text: string): Promise<void> {
  if (!process.stdout.write(`${text}\n`)) await once(process.stdout, 'drain')
}

/** `sluice ... | head`: calls `then` when head has seen enough; the lost write is no error. */
export function onceReaderIsGone(then: () => void = () => {}): void {
  process.stdout.on('error', (error: Error & { readonly code?: string }) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
    then()
  })
}
