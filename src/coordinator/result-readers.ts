/** Makes the main thread's end of `collect` and `print`. Threads: main. */
import { once } from 'node:events'
import type { InputChannelDescription } from '../channel/create-channel.ts'
import { Doorbell } from '../channel/doorbell.ts'
import { InputChannel } from '../channel/input-channel.ts'
import { InputGate } from '../channel/input-gate.ts'
import { Codecs } from '../codec/codecs.ts'
import type { ResultOperator } from '../graph/result-operators.ts'
import { ResultReader, type ResultSource } from './result-reader.ts'

export type PrintLine = (line: string) => void | Promise<void>

export interface ResultReaderInput {
  readonly result: ResultOperator
  readonly source: ResultSource
  readonly onPrint: PrintLine | undefined
}

/** The main thread's ends of the channels of one attempt. */
export function resultSource(
  inputs: readonly InputChannelDescription[],
  doorbell: SharedArrayBuffer,
): ResultSource {
  const codecs = new Codecs()
  const channels = inputs.map((one, index) => new InputChannel(one, { codecs, index }))
  return { gate: new InputGate(channels), doorbell: new Doorbell(doorbell) }
}

export function resultReader({ result, source, onPrint }: ResultReaderInput): ResultReader {
  const printLine = onPrint ?? printToStandardOutput
  const prefix = result.target === '' ? '' : `${result.target}> `
  return new ResultReader({
    name: result.target,
    source,
    ...(result.print ? { print: (row) => printLine(prefix + lineOf(row)) } : {}),
  })
}

/** A row as it is printed: text as it is, anything else as one line of JSON. */
export function lineOf(row: unknown): string {
  if (typeof row === 'string') return row
  const text = JSON.stringify(row, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
  return text ?? String(row)
}

async function printToStandardOutput(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}
