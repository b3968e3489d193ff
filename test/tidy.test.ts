/**
 * The rules of the source tree that neither the compiler nor the linter knows: which folder may
 * import which, and the numbers that keep files and functions small. A failure lists every place.
 */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { lineOf, ROOT, type SourceFile, sourceFiles, visit } from './tidy-source.ts'

/** A folder imports itself and folders of a smaller layer. */
const layerOf: Readonly<Record<string, number>> = {
  base: 0,
  codec: 1,
  storage: 1,
  metrics: 1,
  channel: 2,
  state: 2,
  time: 3,
  barrier: 3,
  operator: 4,
  protocol: 5,
  graph: 5,
  checkpoint: 6,
  api: 6,
  connector: 6,
  task: 7,
  coordinator: 7,
  rest: 8,
  cli: 9,
  testing: 9,
  // src/index.ts, what `sluice` exports, is above all.
  '': 10,
}

/**
 * Files that are started or imported from outside src/, and so by nobody in it. Seeded randomness
 * waits for the simulator; tests use it.
 */
const entries = [
  'src/cli/main.ts',
  'src/task/worker.ts',
  'src/state/pool-worker.ts',
  'src/base/prng.ts',
  ...exportedFiles(),
]

const LINE_COLUMNS_MAX = 100
const FUNCTION_LINES_MAX = 70
const FILE_LINES_MAX = 500
const TEST_LINES_MAX = 800
const EXPORTS_MAX = 7
const PARAMETERS_MAX = 3
const CALLBACK_PARAMETERS_MAX = 4
const RECORD_PARAMETERS_MAX = 6

/** Folders of per-record code, where an options object would be made for every record. */
const perRecord = ['codec', 'channel', 'state', 'time', 'task']
/** Each is a list of many small things by nature. */
const manyExports = /(^|\/)(index|.*-layout|.*-tags|messages|.*-messages)\.ts$/
/** The contracts between the folders: types that are read together. */
const contracts = [
  'src/codec/page.ts',
  'src/state/contract.ts',
  'src/operator/contract.ts',
  'src/protocol/snapshot.ts',
  'src/operator/source.ts',
  'src/operator/sink.ts',
  'src/operator/spec.ts',
]
/** The only files that may touch the system's clock, timers and randomness. */
const worldFiles = ['src/base/clock.ts', 'src/base/prng.ts']
const worldNames = ['setTimeout', 'setInterval']
const worldMembers = ['Date.now', 'performance.now', 'Math.random', 'process.hrtime']

const sources = sourceFiles(['src'], ['.ts'])
const scripts = sourceFiles(['src', 'docs', 'native-bench', 'test'], ['.mjs'])
const tests = sourceFiles(['test', 'docs/examples', 'native-bench'], ['.ts'])
/** A job module is one description from top to bottom, however long. */
const jobModules = /^(docs\/examples|test\/fixtures\/jobs|native-bench\/jobs)\//
const all = [...sources, ...scripts, ...tests].filter(({ path }) => !path.includes('/broken/'))

test('a folder imports only folders of a smaller layer', () => {
  const strangers = sources.filter(({ path }) => layerOf[folderOf(path)] === undefined)
  expect(strangers.map(({ path }) => `${path}: its folder is not in the table of layers`)).toEqual(
    [],
  )
  report((file, tell) => {
    const from = folderOf(file.path)
    for (const { to, line } of file.imports) {
      const target = folderOf(to)
      if (target === from || layerOf[target]! < layerOf[from]!) continue
      tell(line, `${from || 'src'} (${layerOf[from]}) imports ${to} (${layerOf[target]})`)
    }
  })
})

test('a relative import names a file that is there', () => {
  const paths = new Set([...sources, ...scripts].map(({ path }) => path))
  report((file, tell) => {
    for (const { to, line } of file.imports) {
      if (!paths.has(to)) tell(line, `there is no ${to}`)
    }
  })
})

/** Types are erased, and a late import runs after both files are there: neither makes a cycle. */
test('no file imports itself by way of others', () => {
  expect(cyclesOf(sources)).toEqual([])
})

test('every file is imported by another', () => {
  const imported = new Set(sources.flatMap(({ imports }) => imports.map(({ to }) => to)))
  const orphans = sources
    .map(({ path }) => path)
    .filter((path) => !imported.has(path) && !entries.includes(path))
  expect(orphans).toEqual([])
})

test(`a line has at most ${LINE_COLUMNS_MAX} columns`, () => {
  report((file, tell) => {
    file.lines.forEach((line, i) => {
      if (line.length > LINE_COLUMNS_MAX) tell(i + 1, `${line.length} columns`)
    })
  }, all)
})

test(`a function has at most ${FUNCTION_LINES_MAX} lines`, () => {
  report(
    (file, tell) => {
      visit(file.tree, (node) => {
        if (!isFunction(node) || node.body === undefined) return
        const length = lineAt(file, node.end) - lineOf(file.tree, node) + 1
        if (length > FUNCTION_LINES_MAX) tell(lineOf(file.tree, node), `${length} lines`)
      })
    },
    all.filter(({ path }) => !jobModules.test(path)),
  )
})

test(`a file has at most ${FILE_LINES_MAX} lines, a test ${TEST_LINES_MAX}`, () => {
  report((file, tell) => {
    const max = file.path.startsWith('src/') ? FILE_LINES_MAX : TEST_LINES_MAX
    const length = file.text.replace(/\n$/, '').split('\n').length
    if (length > max) tell(length, `${length} lines`)
  }, all)
})

test('a file has a name in kebab-case', () => {
  report((file, tell) => {
    if (!/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(basename(file.path))) tell(1, 'not kebab-case')
  }, all)
})

test(`a file exports at most ${EXPORTS_MAX} names`, () => {
  report((file, tell) => {
    if (manyExports.test(file.path) || contracts.includes(file.path)) return
    const names = new Set(file.tree.statements.flatMap(exportedNames))
    if (names.size > EXPORTS_MAX) tell(1, `${names.size} exports: ${[...names].join(', ')}`)
  })
})

test('a function takes few positional parameters, then an options object', () => {
  report((file, tell) => {
    const record = perRecord.includes(folderOf(file.path))
    visit(file.tree, (node) => {
      if (!ts.isFunctionLike(node) || ts.isIndexSignatureDeclaration(node)) return
      const called = 'body' in node && node.body !== undefined && !ts.isArrowFunction(node)
      const usual = called ? PARAMETERS_MAX : CALLBACK_PARAMETERS_MAX
      const max = record ? RECORD_PARAMETERS_MAX : usual
      const count = node.parameters.filter(({ name }) => name.getText() !== 'this').length
      if (count > max) tell(lineOf(file.tree, node), `${count} parameters, at most ${max}`)
    })
  })
})

test('there is no `any` outside codec/', () => {
  report((file, tell) => {
    if (folderOf(file.path) === 'codec') return
    const excused = linesWithReason(file)
    visit(file.tree, (node) => {
      const line = lineOf(file.tree, node)
      if (node.kind === ts.SyntaxKind.AnyKeyword && !excused.has(line)) tell(line, 'any')
    })
  })
})

test('what hides meaning or state is not used', () => {
  report((file, tell) => {
    visit(file.tree, (node) => {
      const what = refusedSyntax(node, file)
      if (what !== undefined) tell(lineOf(file.tree, node), what)
    })
  })
})

test('clock, timers and randomness come in through base/clock.ts and base/prng.ts', () => {
  report((file, tell) => {
    if (worldFiles.includes(file.path)) return
    visit(file.tree, (node) => {
      const what = worldAccess(node)
      if (what !== undefined) tell(lineOf(file.tree, node), what)
    })
  })
})

test('nothing at the top of a module is let: the bundle makes it constant', () => {
  report((file, tell) => {
    file.lines.forEach((line, i) => {
      if (/^(export )?(let|var)\b/.test(line)) tell(i + 1, line)
    })
  }, sources)
})

test('a TODO names its issue', () => {
  report((file, tell) => {
    file.lines.forEach((line, i) => {
      if (/\b(TODO|FIXME|XXX)\b(?!\s*\(?#\d+)/.test(line)) tell(i + 1, line.trim())
    })
  }, sources)
})

type Tell = (line: number, what: string) => void

/** Runs a rule over files and fails with one line a finding: `file:line what`. */
function report(rule: (file: SourceFile, tell: Tell) => void, files = sources): void {
  const found: string[] = []
  for (const file of files) {
    rule(file, (line, what) => found.push(`${file.path}:${line} ${what}`))
  }
  expect(found).toEqual([])
}

/** '' for a file that lies in src/ itself. */
function folderOf(path: string): string {
  const parts = path.split('/')
  return parts.length > 2 ? parts[1]! : ''
}

function exportedFiles(): readonly string[] {
  const text = readFileSync(join(ROOT, 'package.json'), 'utf8')
  const { exports } = JSON.parse(text) as { exports: Record<string, string | { default: string }> }
  return Object.values(exports)
    .map((entry) => (typeof entry === 'string' ? entry : entry.default))
    .map((path) => path.replace(/^\.\/dist\/bundle\//, 'src/').replace(/\.js$/, '.ts'))
}

function cyclesOf(files: readonly SourceFile[]): readonly string[] {
  const edges = new Map(files.map(({ path, imports }) => [path, valueTargets(imports)]))
  const done = new Set<string>()
  const found: string[] = []
  const walk = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path)
    if (at >= 0) {
      found.push([...way.slice(at), path].join(' -> '))
      return
    }
    if (done.has(path)) return
    for (const to of edges.get(path) ?? []) walk(to, [...way, path])
    done.add(path)
  }
  for (const { path } of files) walk(path, [])
  return found
}

function valueTargets(imports: SourceFile['imports']): readonly string[] {
  return imports.filter(({ kind }) => kind === 'value').map(({ to }) => to)
}

type FunctionNode = ts.FunctionLikeDeclaration & { readonly body?: ts.Node }

function isFunction(node: ts.Node): node is FunctionNode {
  return ts.isFunctionLike(node) && 'body' in node
}

function lineAt(file: SourceFile, position: number): number {
  return file.tree.getLineAndCharacterOfPosition(position).line + 1
}

function exportedNames(statement: ts.Statement): readonly string[] {
  if (ts.isExportDeclaration(statement)) {
    const clause = statement.exportClause
    if (clause === undefined || !ts.isNamedExports(clause)) return ['*']
    return clause.elements.map(({ name }) => name.getText())
  }
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined
  const exported = modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false
  if (!exported) return []
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText())
  }
  const named = statement as ts.Statement & { readonly name?: ts.Identifier }
  return [named.name?.text ?? 'default']
}

/** Lines below a biome-ignore for `any`, or between a start and an end of one. */
function linesWithReason(file: SourceFile): ReadonlySet<number> {
  const excused = new Set<number>()
  let open = false
  file.lines.forEach((line, i) => {
    const names = line.includes('noExplicitAny')
    if (names && line.includes('biome-ignore-start')) open = true
    if (names && line.includes('biome-ignore-end')) open = false
    if (open || (names && line.includes('biome-ignore '))) excused.add(i + 1).add(i + 2)
  })
  return excused
}

function refusedSyntax(node: ts.Node, file: SourceFile): string | undefined {
  if (ts.isExportAssignment(node)) return 'export default'
  if (node.kind === ts.SyntaxKind.DefaultKeyword && isModifier(node)) return 'export default'
  if (ts.isExportDeclaration(node) && node.exportClause === undefined) {
    return basename(file.path) === 'index.ts' ? undefined : 'export *'
  }
  if (ts.isEnumDeclaration(node)) return 'enum'
  if (ts.isVariableStatement(node) && isOutermostVariable(node)) return 'variable of a module'
  if (ts.isParameter(node) && ts.isParameterPropertyDeclaration(node, node.parent)) {
    return 'parameter property'
  }
  return ts.isIdentifier(node) && node.text === 'console' && isFree(node) ? 'console' : undefined
}

/** In the bundle it would be a constant: see `constants` in build.mjs. */
function isOutermostVariable({ parent, declarationList }: ts.VariableStatement): boolean {
  return ts.isSourceFile(parent) && (declarationList.flags & ts.NodeFlags.Const) === 0
}

function isModifier(node: ts.Node): boolean {
  return ts.isFunctionDeclaration(node.parent) || ts.isClassDeclaration(node.parent)
}

/** Not a property's name, as in `x.console` or `{ console: 1 }`. */
function isFree(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  return !ts.isPropertyAssignment(parent) || parent.initializer === node
}

function worldAccess(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node) && worldNames.includes(node.text) && isFree(node)) return node.text
  if (ts.isPropertyAccessExpression(node) && worldMembers.includes(node.getText())) {
    return node.getText()
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date') {
    return node.arguments?.length ? undefined : 'new Date()'
  }
  return undefined
}
