/**
 * Options from a file of `--config`: YAML (and so JSON), keys nested or dotted. What is wrong in it
 * is told with its line.
 * Main thread.
 */
import { readFile } from 'node:fs/promises'
import { isMap, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import { SluiceError } from '../base/errors.ts'
import { checkOption, type GivenOptions, overlayOptions } from '../graph/parse-options.ts'

/** Throws BAD_CONFIG, and what `parseOptions` throws, with file and line. */
export async function readConfigFile(path: string): Promise<GivenOptions> {
  return parseConfig(await textOf(path), path)
}

/** The options in the text of a file; `path` is for messages. */
export function parseConfig(text: string, path: string): GivenOptions {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const place = (offset: number) => `${path}:${lines.linePos(offset).line}`
  const [error] = document.errors
  if (error !== undefined) throw badConfig(place(error.pos[0]), error.message)
  const root = document.contents
  if (root === null) return {}
  if (!isMap(root)) throw badConfig(place(root.range[0]), 'the file holds no keys with values')
  const found = new Map<string, unknown>()
  for (const { name, value, offset } of leavesOf(root.items, '')) {
    const plain = value === null ? null : value.toJS(document)
    located(place(offset), () => take(found, name, plain))
  }
  return located(path, () => overlayOptions([Object.fromEntries(found)]))
}

interface Leaf {
  readonly name: string
  readonly value: Node | null
  /** Where its key begins. */
  readonly offset: number
}

function* leavesOf(pairs: readonly Pair[], prefix: string): Iterable<Leaf> {
  for (const { key, value } of pairs as readonly Pair<Node | null, Node | null>[]) {
    const name = prefix + String(key)
    if (isMap(value)) yield* leavesOf(value.items, `${name}.`)
    else yield { name, value, offset: key?.range?.[0] ?? 0 }
  }
}

function take(found: Map<string, unknown>, name: string, value: unknown): void {
  if (found.has(name)) throw new SluiceError('BAD_CONFIG', `'${name}' is given twice`)
  checkOption(name, value)
  found.set(name, value)
}

/** What is thrown is told with its place in the file. */
function located<T>(place: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    const { code, hint } = error
    const options = hint === undefined ? { place } : { place, hint }
    throw new SluiceError(code, `${place}: ${error.message}`, options)
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`
    throw new SluiceError('BAD_CONFIG', `${path}: ${reason}`, {
      place: path,
      hint: '--config takes the path of a YAML file with options',
    })
  }
}

function badConfig(place: string, reason: string): SluiceError {
  return new SluiceError('BAD_CONFIG', `${place}: ${reason}`, {
    place,
    hint: "write options as in docs/options.md, such as 'parallelism: 4'",
  })
}
