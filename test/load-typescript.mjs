/** Imports a TypeScript module of the tests, which not every version of Node reads. */
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

/** The module at `path`, bundled into the folder `scratch`. */
export async function loadTypeScript(path, scratch) {
  const outfile = join(scratch, basename(path).replace(/\.ts$/, '.mjs'))
  await build({
    entryPoints: [path],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  })
  return import(pathToFileURL(outfile).href)
}
