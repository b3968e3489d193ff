/** Which operators can send records to which side outputs. */
import type { OperatorSpec } from '../operator/spec.ts'

/** True if the operator may send records to the tag; a process function may name any. */
export function hasSideOutput(spec: OperatorSpec, tag: string): boolean {
  switch (spec.kind) {
    case 'process':
    case 'keyed-process':
      return true
    case 'window-aggregate':
    case 'window-process':
      return spec.window.lateTo === tag
    case 'source':
      return spec.source.unreadableTo === tag
    default:
      return false
  }
}
