/**
 * Declared schemas: `schema({ origin: t.string, delay: t.int32 })`. A schema fixes the shape of a
 * stream's records, gives their TypeScript type, and is a Standard Schema, so that whatever takes
 * one takes it.
 * Threads: any.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { SluiceError } from '../base/errors.ts'
import type { SchemaNode } from './schema-issues.ts'
import { describeValue, findIssues } from './schema-issues.ts'
import type { FieldShape, Shape, ValueKind, ValueShape } from './shape.ts'
import { shapeFromData } from './shape.ts'

/** The schema of a `T`; `Optional` if a field of that type may be missing. */
export class Schema<T, Optional extends boolean = boolean> implements StandardSchemaV1<unknown, T> {
  declare readonly __optional: Optional
  readonly '~standard': StandardSchemaV1.Props<unknown, T>
  readonly node: SchemaNode

  constructor(node: SchemaNode) {
    this.node = node
    this['~standard'] = {
      version: 1,
      vendor: 'sluice',
      validate: (value) => {
        const issues = findIssues(node, value)
        return issues.length > 0 ? { issues } : { value: value as T }
      },
    }
  }
}

/** The type of the values that a schema describes. */
export type Infer<S> = S extends Schema<infer T> ? T : never

type OptionalNames<F> = {
  [N in keyof F]: F[N] extends Schema<unknown, true> ? N : never
}[keyof F]

type Fields<F> = { [N in Exclude<keyof F, OptionalNames<F>>]: Infer<F[N]> } & {
  [N in OptionalNames<F>]?: Infer<F[N]>
}

/**
 * The schema of an object with exactly these fields.
 *
 * @example
 * const flight = schema({ origin: t.string, delay: t.int32, note: t.optional(t.string) })
 * type Flight = Infer<typeof flight> // { origin: string; delay: number; note?: string }
 */
export function schema<F extends Readonly<Record<string, Schema<unknown>>>>(
  fields: F,
): Schema<{ [N in keyof Fields<F>]: Fields<F>[N] }, false> {
  const nodes = Object.entries(fields).map(([name, field]) => [name, field.node] as const)
  return new Schema({ ...plain('object'), fields: Object.fromEntries(nodes) })
}

/** The types that fields may have. `int32` is checked; `any` takes whatever can be encoded. */
export const t = {
  string: typeOf<string>('string'),
  boolean: typeOf<boolean>('bool'),
  int32: typeOf<number>('int32'),
  double: typeOf<number>('double'),
  bigint: typeOf<bigint>('bigint'),
  date: typeOf<Date>('date'),
  bytes: typeOf<Uint8Array>('bytes'),
  any: typeOf<unknown>('any'),
  array: <T>(item: Schema<T>): Schema<T[], false> =>
    new Schema({ ...plain('array'), item: item.node }),
  nullable: <T>(type: Schema<T, false>): Schema<T | null, false> =>
    new Schema({ ...type.node, nullable: true }),
  optional: <T>(type: Schema<T>): Schema<T, true> => new Schema({ ...type.node, optional: true }),
} as const

/** The shape that pages of such records have. */
export function shapeOfSchema(declared: Schema<unknown>): Shape {
  return shapeFromData({ root: shapeOfNode(declared.node) })
}

/** Throws `RECORD_NOT_IN_SCHEMA`, naming field, value and expected type, unless the record fits. */
export function checkRecord(declared: Schema<unknown>, record: unknown): void {
  const issue = findIssues(declared.node, record)[0]
  if (issue === undefined) return
  throw new SluiceError('RECORD_NOT_IN_SCHEMA', `a record is not as declared: ${issue.message}`, {
    hint: 'correct the schema, or map the records to what it says',
    record: describeValue(record),
  })
}

function typeOf<T>(kind: ValueKind): Schema<T, false> {
  return new Schema(plain(kind))
}

function plain(kind: ValueKind): SchemaNode {
  return { kind, nullable: false, optional: false }
}

function shapeOfNode(node: SchemaNode): ValueShape {
  const fields = Object.entries(node.fields ?? {}).map(
    ([name, field]): FieldShape => ({
      name,
      value: shapeOfNode(field),
      optional: field.optional,
    }),
  )
  return { kind: node.kind, nullable: node.nullable, undefinable: node.optional, fields }
}
