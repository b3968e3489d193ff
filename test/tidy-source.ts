/**
 * The source tree as the tidy test sees it: each file parsed once, without types, and the edges
 * between files.
 */
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly lines: readonly string[]
  readonly tree: ts.SourceFile
  readonly imports: readonly ImportEdge[]
}

export interface ImportEdge {
  /** The imported file, relative to the root. */
  readonly to: string
  readonly line: number
  /** 'type': erased. 'late': a dynamic import. */
  readonly kind: 'value' | 'type' | 'late'
}

/** Every file of the given folders with one of the endings, parsed. */
export function sourceFiles(folders: readonly string[], endings: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => filesUnder(folder))
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .sort()
    .map(parse)
}

function filesUnder(folder: string): string[] {
  return ts.sys
    .readDirectory(join(ROOT, folder), ['.ts', '.mjs'])
    .map((path) => relative(ROOT, path).replaceAll('\\', '/'))
}

function parse(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const imports: ImportEdge[] = []
  visit(tree, (node) => {
    const edge = edgeOf(node)
    if (edge === undefined || !edge.specifier.startsWith('.')) return
    const to = join(dirname(path), edge.specifier).replaceAll('\\', '/')
    imports.push({ to, line: lineOf(tree, node), kind: edge.kind })
  })
  return { path, text, lines: text.split('\n'), tree, imports }
}

interface Specified {
  readonly specifier: string
  readonly kind: ImportEdge['kind']
}

function edgeOf(node: ts.Node): Specified | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    const { moduleSpecifier } = node
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return undefined
    return { specifier: moduleSpecifier.text, kind: isErased(node) ? 'type' : 'value' }
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    const { literal } = node.argument
    return ts.isStringLiteral(literal) ? { specifier: literal.text, kind: 'type' } : undefined
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const first = node.arguments[0]
    if (first !== undefined && ts.isStringLiteral(first)) {
      return { specifier: first.text, kind: 'late' }
    }
  }
  return undefined
}

/** True for `import type` and for one whose every name is marked `type`. */
function isErased(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly || allTypes(node.exportClause)
  const clause = node.importClause
  if (clause === undefined) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  return clause.name === undefined && allTypes(clause.namedBindings)
}

function allTypes(names: ts.NamedImportBindings | ts.NamedExportBindings | undefined): boolean {
  if (names === undefined || !('elements' in names)) return false
  return names.elements.length > 0 && names.elements.every((element) => element.isTypeOnly)
}

/** Calls `action` on every node of the tree. */
export function visit(node: ts.Node, action: (node: ts.Node) => void): void {
  action(node)
  ts.forEachChild(node, (child) => visit(child, action))
}

/** Counts from 1. */
export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
}
