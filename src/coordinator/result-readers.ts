/** Makes the main thread's end of `collect` and `print`. Threads: main. */
import { once } from 'node:events'
import type { InputChannelDescription } from '../channel/create-channel.ts'
import { Doorbell } from '../channel/doorbell.ts'
import { InputChannel } from '../channel/input-channel.ts'
import { InputGate } from '../channel/input-gate.ts'
import { Codecs } from '../codec/codecs.ts'
import type { JobOptions } from '../graph/options.ts'
import type { ResultOperator } from '../graph/result-operators.ts'
import { ResultReader } from './result-reader.ts'

export type PrintLine = (line: string) => void | Promise<void>

export interface ResultReaderInput {
  readonly result: ResultOperator
  readonly inputs: readonly InputChannelDescription[]
  readonly doorbell: SharedArrayBuffer
  readonly options: JobOptions
  readonly onPrint: PrintLine | undefined
}

export function resultReader(input: ResultReaderInput): ResultReader {
  const { result, inputs } = input
  const doorbell = new Doorbell(input.doorbell)
  const codecs = new Codecs()
  const channels = inputs.map((one, index) => new InputChannel(one, { codecs, index }))
  const onPrint = input.onPrint ?? printToStandardOutput
  const prefix = result.target === '' ? '' : `${result.target}> `
  return new ResultReader({
    name: result.target,
    gate: new InputGate(channels),
    doorbell,
    ...(result.print ? { print: (row) => onPrint(prefix + lineOf(row)) } : {}),
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
