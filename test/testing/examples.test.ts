/** The examples in the doc comments of `sluice/testing` compile and run. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'
import * as api from '../../src/api/index.ts'
import * as generators from '../../src/connector/generator/index.ts'
import * as testing from '../../src/testing/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const files = ['run-inline', 'stream-operator-harness', 'source-conformance']

const examples = files.flatMap((file) => {
  const text = readFileSync(`${root}src/testing/${file}.ts`, 'utf8')
  return [...text.matchAll(/\* @example\n((?: *\*(?: .*)?\n)+?) *\*\//g)].map(
    ([, code]) => [file, code!.replaceAll(/^ *\* ?/gm, '')] as const,
  )
})

test('every function has an example', () => {
  expect(examples.map(([file]) => file)).toEqual(files)
})

test('the examples compile', () => {
  const sources = new Map(
    examples.map(([file, code]) => [`${root}test/testing/${file}.example.ts`, withImports(code)]),
  )
  const config = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
  const compilerOptions = {
    ...options,
    noEmit: true,
    rootDir: root,
    paths: {
      sluice: [`${root}src/api/index.ts`],
      'sluice/testing': [`${root}src/testing/index.ts`],
      'sluice/*': [`${root}src/connector/*/index.ts`],
    },
  }
  const host = ts.createCompilerHost(compilerOptions)
  const { fileExists, readFile } = host
  host.fileExists = (path) => sources.has(path) || fileExists(path)
  host.readFile = (path) => sources.get(path) ?? readFile(path)
  const program = ts.createProgram([...sources.keys()], compilerOptions, host)
  const diagnostics = [...sources.keys()].flatMap((path) => {
    const file = program.getSourceFile(path)
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
  })
  const told = diagnostics.map(({ messageText, file }) => {
    return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
  expect(told).toEqual([])
})

test.each(examples)('the example of %s runs', async (_, code) => {
  const names = { ...api, ...generators, ...testing, assert }
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  })
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor
  await new AsyncFunction(...Object.keys(names), outputText)(...Object.values(names))
})

/** A type may be named like a value nowhere, so whatever is not exported is left out. */
function withImports(code: string): string {
  const used = (module: object) => Object.keys(module).filter((name) => names.has(name))
  const names = new Set(code.match(/\b\w+\b/g))
  const types = ['Stream', 'Emit'].filter((name) => names.has(name)).map((name) => `type ${name}`)
  return `import assert from 'node:assert/strict'
import { ${[...used(api), ...types].join(', ')} } from 'sluice'
import { ${used(generators).join(', ')} } from 'sluice/generator'
import { ${used(testing).join(', ')} } from 'sluice/testing'
${code}`
}
