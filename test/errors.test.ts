/** docs/errors.md tells of every code that users can meet, and of no other. */
import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { lineOf, sourceFiles, visit } from './tidy-source.ts'

const CODE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/

const documented = [
  ...readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8').matchAll(
    /^\| `([A-Z0-9_]+)` \|/gm,
  ),
].map((match) => match[1]!)

const used = codesInSource()

test('every code in src/ is documented', () => {
  const missing = [...used].filter(([code]) => !documented.includes(code))
  expect(missing.map(([code, place]) => `${code} (${place})`)).toEqual([])
})

test('every documented code is in src/, and only once in the list', () => {
  expect(documented.filter((code) => !used.has(code))).toEqual([])
  expect(documented.filter((code, i) => documented.indexOf(code) !== i)).toEqual([])
})

/** Codes with the first place of each: what `new SluiceError` gets first, and `code: '...'`. */
function codesInSource(): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const file of sourceFiles(['src'], ['.ts'])) {
    const localCodes = new Map<string, string[]>()
    visit(file.tree, (node) => {
      if (ts.isVariableDeclaration(node) && node.initializer !== undefined) {
        localCodes.set(node.name.getText(), literals(node.initializer))
      }
    })
    visit(file.tree, (node) => {
      const given = codeExpression(node)
      if (given === undefined) return
      const named = ts.isIdentifier(given) ? (localCodes.get(given.text) ?? []) : literals(given)
      for (const code of named) {
        if (!found.has(code)) found.set(code, `${file.path}:${lineOf(file.tree, node)}`)
      }
    })
  }
  return found
}

function codeExpression(node: ts.Node): ts.Expression | undefined {
  if (ts.isNewExpression(node) && node.expression.getText() === 'SluiceError') {
    return node.arguments?.[0]
  }
  if (ts.isPropertyAssignment(node) && node.name.getText() === 'code') return node.initializer
  return undefined
}

/** The codes an expression may have, whichever way a condition goes. */
function literals(node: ts.Expression): string[] {
  if (ts.isConditionalExpression(node)) {
    return [...literals(node.whenTrue), ...literals(node.whenFalse)]
  }
  return ts.isStringLiteral(node) && CODE.test(node.text) ? [node.text] : []
}
