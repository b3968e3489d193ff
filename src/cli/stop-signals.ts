/**
 * Ctrl-C and SIGTERM: the first asks the job to stop cleanly, the second ends the process.
 * Main thread.
 */
import { exitCodes } from './exit-codes.ts'

export interface StopSignals {
  /** Aborts at the first signal, or when `stop` is called. */
  readonly signal: AbortSignal
  /** What the process should say if it was stopped; undefined if it was not. */
  readonly exitCode: number | undefined
  stop(exitCode: number): void
  /** Takes the handlers back. */
  dispose(): void
}

const codeOf = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated } as const
const names = ['SIGINT', 'SIGTERM'] as const

export interface SignalListeners {
  /** Called with the name of the first signal. */
  first(name: string): void
  /** Called before the second one ends the process. */
  second(): void
}

export function stopSignals(on: SignalListeners): StopSignals {
  const controller = new AbortController()
  let exitCode: number | undefined
  const stop = (code: number) => {
    exitCode ??= code
    controller.abort()
  }
  const handle = (name: NodeJS.Signals) => {
    const code = codeOf[name as keyof typeof codeOf]
    if (controller.signal.aborted) {
      on.second()
      process.exit(code)
    }
    on.first(name)
    stop(code)
  }
  for (const name of names) process.on(name, handle)
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode
    },
    stop,
    dispose() {
      for (const name of names) process.off(name, handle)
    },
  }
}
