/**
 * The log of the command line, on standard error: readable on a terminal, JSON lines elsewhere.
 */
import { type DestinationStream, pino } from 'pino'
import type { Logger } from '../base/log.ts'
import type { StatusLine } from './status-line.ts'

export interface LoggerOptions {
  readonly level: string
  readonly line: StatusLine
}

/** A logger that writes at once and keeps out of the status line's way. */
export async function createLogger({ level, line }: LoggerOptions): Promise<Logger> {
  const format = line.interactive ? await prettyFormat() : (text: string) => text
  const stream: DestinationStream = {
    write: (text) => line.around(() => process.stderr.write(format(text))),
  }
  const log: Logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream)
  return log
}

async function prettyFormat(): Promise<(text: string) => string> {
  const { prettyFactory } = await import('pino-pretty')
  return prettyFactory({ colorize: true, translateTime: 'SYS:HH:MM:ss', singleLine: true })
}
