/**
 * Schemas that users may declare for a stream: our own, or any library's that can tell its JSON
 * Schema.
 */
import type { StandardJSONSchemaV1 } from '@standard-schema/spec'
import { SluiceError } from '../base/errors.ts'
import { isStandardJsonSchema, nodeOfStandardSchema } from '../codec/json-schema.ts'
import { Schema } from '../codec/schema.ts'
import type { SchemaNode } from '../codec/schema-issues.ts'

export type AnySchema = Schema<unknown> | StandardJSONSchemaV1

/** What the values are that a schema describes. */
export type SchemaType<S> =
  S extends Schema<infer T>
    ? T
    : S extends StandardJSONSchemaV1
      ? StandardJSONSchemaV1.InferOutput<S>
      : never

/** The plain form of a declared schema. Throws BAD_SCHEMA. */
export function schemaNodeOf(declared: unknown): SchemaNode {
  if (declared instanceof Schema) return declared.node
  if (isStandardJsonSchema(declared)) return nodeOfStandardSchema(declared)
  throw new SluiceError('BAD_SCHEMA', `.schema() got ${typeof declared}, which is no schema`, {
    hint: 'pass schema({ ... }), or a schema of a library that implements Standard JSON Schema',
  })
}
