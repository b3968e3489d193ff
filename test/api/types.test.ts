import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = fileURLToPath(new URL('./types/', import.meta.url))

/** What the compiler says of the files, with `sluice` and its connectors from their source. */
function complaints(files: readonly string[]): readonly string[] {
  const config = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
  const program = ts.createProgram(files, {
    ...options,
    noEmit: true,
    rootDir: root,
    paths: {
      sluice: [`${root}/src/api/index.ts`],
      'sluice/*': [`${root}/src/connector/*/index.ts`],
    },
  })
  return program
    .getSourceFiles()
    .filter((file) => files.includes(file.fileName))
    .flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ])
    .map(sentence)
}

function sentence(diagnostic: ts.Diagnostic): string {
  const { file, start, messageText } = diagnostic
  const text = ts.flattenDiagnosticMessageText(messageText, '\n')
  if (file === undefined || start === undefined) return text
  const { line } = file.getLineAndCharacterOfPosition(start)
  return `${file.fileName.slice(root.length)}:${line + 1} ${text}`
}

test('types are inferred through whole jobs, and mistakes do not compile', () => {
  const files = readdirSync(folder).map((name) => folder + name)
  expect(files).toHaveLength(2)
  expect(complaints(files)).toEqual([])
})

test('the examples compile', () => {
  const examples = `${root}docs/examples/`
  const files = readdirSync(examples).filter((name) => name.endsWith('.ts'))
  expect(complaints(files.map((name) => examples + name))).toEqual([])
})
