/**
 * What esbuild could not bundle, as an error that shows the user's own line. Main thread.
 */
import { resolve } from 'node:path'
import type { Message } from 'esbuild'
import { SluiceError } from '../base/errors.ts'

const UNRESOLVED = /^Could not resolve/

/** The first of esbuild's errors as a `JOB_SYNTAX` or `JOB_IMPORT_NOT_FOUND`. */
export function bundleFailure(error: unknown, jobPath: string): Error {
  const messages = (error as { errors?: readonly Message[] }).errors
  const first = messages?.[0]
  if (messages === undefined || first === undefined) return error as Error
  const place = placeOf(first, jobPath)
  const more = messages.length > 1 ? `\n(and ${messages.length - 1} more)` : ''
  const message = `${place}: ${first.text}${excerpt(first)}${more}`
  if (UNRESOLVED.test(first.text)) {
    const hint = 'install the package in a folder above the job, or correct the path'
    return new SluiceError('JOB_IMPORT_NOT_FOUND', message, { hint, place })
  }
  const hint = 'correct the line; nothing was started'
  return new SluiceError('JOB_SYNTAX', message, { hint, place })
}

function placeOf({ location }: Message, jobPath: string): string {
  if (location === null) return jobPath
  return `${resolve(jobPath, '..', location.file)}:${location.line}:${columnOf(location) + 1}`
}

/** The line itself with a caret below. */
function excerpt({ location }: Message): string {
  if (location === null) return ''
  const number = String(location.line)
  const blank = ' '.repeat(number.length)
  const before = location.lineText.slice(0, columnOf(location)).replace(/[^\t]/g, ' ')
  return `\n  ${number} | ${location.lineText}\n  ${blank} | ${before}^`
}

/** esbuild counts bytes, editors count characters. */
function columnOf(location: NonNullable<Message['location']>): number {
  return Buffer.from(location.lineText).subarray(0, location.column).toString().length
}
