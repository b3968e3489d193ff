// Imports a TypeScript module that uses no packages: benchmarks run on a Node that cannot do so.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The module at the URL, with what it imports by relative paths. */
export async function importTypeScript(url) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(url)],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  })
  // The name stands in stack traces, instead of all of the text.
  const text = `${outputFiles[0].text}//# sourceURL=${url}\n`
  return import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)
}
