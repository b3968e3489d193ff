/** Files as sources and sinks: `sluice/file`. */
export type { JsonLinesOptions } from './json-lines.ts'
export { jsonLines } from './json-lines.ts'
export type { ParquetOptions } from './parquet.ts'
export { parquet } from './parquet.ts'
export type { FileInput } from './paths.ts'
