/**
 * The job artefact: the user's module and what it imports by relative paths, bundled once, so
 * that the main thread and every worker load the same code, known by its hash. It is carried as a
 * data: URL, so there is no temporary file to leave behind or to be changed under a running job.
 * Main thread; workers only `import(artefact.url)`.
 */
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename, dirname, extname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BuildOptions } from 'esbuild'
import { isJob, type Job } from '../api/job.ts'
import { errorToData, SluiceError } from '../base/errors.ts'
import { bundleFailure } from './bundle-failure.ts'
import { jobPlugin } from './job-plugin.ts'
import { missingExport } from './missing-export.ts'
import { mapError } from './source-positions.ts'

export interface JobArtefact {
  /** Absolute path of the user's module. */
  readonly path: string
  /** What main thread and workers import: a data: URL with the whole bundle. */
  readonly url: string
  /** SHA-256 of the bundle, in hex. */
  readonly hash: string
  /** The name of the bundle in stack traces. */
  readonly sourceName: string
  /** Source map of the bundle, as JSON; its paths are relative to the folder of `path`. */
  readonly sourceMap: string
}

const EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']

const EXAMPLE =
  "export default defineJob('name', (env, args) => { env.from(...).to(...) }), " +
  "with import { defineJob } from 'sluice'"

/**
 * Bundles a job module: a path, relative to the working directory, or a file: URL.
 * Throws `JOB_NOT_FOUND`, `JOB_SYNTAX` or `JOB_IMPORT_NOT_FOUND`.
 */
export async function bundleJob(module: URL | string): Promise<JobArtefact> {
  const path = await findModule(module)
  const { code, sourceMap } = await bundle(path)
  const sourceName = `sluice-job:${encodeURIComponent(basename(path))}`
  const text = `${code}//# sourceURL=${sourceName}\n`
  return {
    path,
    url: `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`,
    hash: createHash('sha256').update(code).digest('hex'),
    sourceName,
    sourceMap,
  }
}

/**
 * Imports the artefact and gives its default export. Throws `JOB_IMPORT_FAILED` with the user's
 * own line, or `JOB_WITHOUT_DEFAULT_EXPORT`.
 */
export async function loadJob(artefact: JobArtefact): Promise<Job> {
  const module = await importArtefact(artefact)
  if (isJob(module.default)) return module.default
  const found = 'default' in module ? `is ${describe(module.default)}` : 'is missing'
  throw new SluiceError(
    'JOB_WITHOUT_DEFAULT_EXPORT',
    `${artefact.path}: the default export must be a job, but it ${found}`,
    { hint: `write ${EXAMPLE}`, place: artefact.path },
  )
}

async function importArtefact(artefact: JobArtefact): Promise<Record<string, unknown>> {
  try {
    return await import(artefact.url)
  } catch (error) {
    const mapped = mapError(errorToData(error), artefact)
    const place = mapped.place ?? artefact.path
    const missing = await missingExport(mapped.message)
    const { hint } = missing ?? mapped
    const failure = new SluiceError(
      'JOB_IMPORT_FAILED',
      missing === undefined
        ? `${place}: the job's module threw while it was imported: ${mapped.message}`
        : `${place}: ${missing.message}`,
      { place, ...(hint === undefined ? {} : { hint }) },
    )
    if (mapped.stack !== undefined) failure.stack = mapped.stack
    throw failure
  }
}

async function findModule(module: URL | string): Promise<string> {
  const path = pathOf(module)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw notFound(path, `there is no file ${path}`)
  if (!found.isFile()) throw notFound(path, `${path} is a directory, not a job module`)
  if (!EXTENSIONS.includes(extname(path))) {
    throw notFound(path, `${path} is no module: it must end in ${EXTENSIONS.join(', ')}`)
  }
  return path
}

function pathOf(module: URL | string): string {
  const text = String(module)
  if (text.startsWith('file:')) return fileURLToPath(text)
  if (module instanceof URL) throw notFound(text, `a job module is a file, but got ${text}`)
  return resolve(text)
}

function notFound(place: string, message: string): SluiceError {
  const hint = `give a path from the working directory ${process.cwd()}, or a file: URL`
  return new SluiceError('JOB_NOT_FOUND', message, { hint, place })
}

function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  return value === null || typeof value !== 'object' ? String(value) : 'an object of another kind'
}

interface Bundle {
  readonly code: string
  readonly sourceMap: string
}

async function bundle(path: string): Promise<Bundle> {
  return withEsbuild(async (build) => {
    const result = await build(buildOptions(path)).catch((error: unknown) => {
      throw bundleFailure(error, path)
    })
    const textOf = (end: string) => result.outputFiles.find((file) => file.path.endsWith(end))!.text
    return { code: withRequire(textOf('.js'), path), sourceMap: textOf('.js.map') }
  })
}

function buildOptions(path: string): BuildOptions & { readonly write: false } {
  return {
    entryPoints: [path],
    absWorkingDir: dirname(path),
    outfile: `${path}.bundle.js`,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    charset: 'utf8',
    // What Node itself would look at in a package, and nothing more.
    mainFields: ['main'],
    conditions: [],
    sourcemap: 'external',
    legalComments: 'none',
    logLevel: 'silent',
    plugins: [jobPlugin()],
  }
}

/**
 * CommonJS files among the job's own may require packages. A hoisted function at the end gives
 * them the means and moves no line.
 */
function withRequire(code: string, path: string): string {
  if (!/^var __require = /m.test(code)) return code
  return (
    `${code}import { createRequire as __sluiceRequire } from 'node:module'\n` +
    `function require(id) { return __sluiceRequire(${JSON.stringify(path)})(id) }\n`
  )
}

/** esbuild is one child process for all who use it in this process, so its users are counted. */
const esbuildUse = { count: 0 }

async function withEsbuild<T>(
  action: (build: typeof import('esbuild').build) => Promise<T>,
): Promise<T> {
  esbuildUse.count++
  const { build, stop } = await import('esbuild')
  try {
    return await action(build)
  } finally {
    if (--esbuildUse.count === 0) await stop()
  }
}
