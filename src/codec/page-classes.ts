/**
 * Shapes and the classes generated for them, one of each in a thread, whichever task uses them:
 * jobs that run one after the other in a thread find them optimized.
 * Threads: any; each has its own.
 */
import type { PageReader, PageWriter } from './page.ts'
import { compilePageReader, compilePageWriter } from './page-compiler.ts'
import type { Shape } from './shape.ts'

type WriterClass = new () => PageWriter
type ReaderClass = new () => PageReader

/** Without and with event times. */
interface PageClasses {
  readonly writers: [WriterClass?, WriterClass?]
  readonly readers: [ReaderClass?, ReaderClass?]
}

/** A thread that sees more begins anew: those in use stay with whoever uses them. */
const SHAPES_MAX = 256

const shapes = new Map<string, Shape>()
const classes = new WeakMap<Shape, PageClasses>()

/** The one that stands for all that are equal to it. */
export function sharedShape(shape: Shape): Shape {
  const known = shapes.get(shape.id)
  if (known !== undefined) return sameRoot(known, shape) ? known : shape
  if (shapes.size >= SHAPES_MAX) shapes.clear()
  shapes.set(shape.id, shape)
  return shape
}

export function sameRoot(a: Shape, b: Shape): boolean {
  return a === b || JSON.stringify(a.root) === JSON.stringify(b.root)
}

export function pageWriter(shape: Shape, withTime: boolean): PageWriter {
  const { writers } = classesOf(shape)
  const at = withTime ? 1 : 0
  const Writer = (writers[at] ??= compilePageWriter(shape, withTime))
  return new Writer()
}

export function pageReader(shape: Shape, withTime: boolean): PageReader {
  const { readers } = classesOf(shape)
  const at = withTime ? 1 : 0
  const Reader = (readers[at] ??= compilePageReader(shape, withTime))
  return new Reader()
}

function classesOf(shape: Shape): PageClasses {
  let known = classes.get(shape)
  if (known === undefined) {
    known = { writers: [], readers: [] }
    classes.set(shape, known)
  }
  return known
}
