/**
 * What a producer posts on its channel's port, in the order in which the consumer needs it. Every
 * message is counted in EXT before the page that needs it is published, so that the consumer knows
 * how many to take. Records never travel in a message: a page's bytes are shared, not copied.
 */
import type { ShapeData } from '../codec/shape.ts'

export type ChannelMessage =
  /** Pages of this shape may follow. Once a channel and shape. */
  | { readonly kind: 'shape'; readonly data: ShapeData }
  /** The next texts that have numbers: pages may hold those instead. */
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  /** The page `seq` is not in the ring but in this buffer. */
  | { readonly kind: 'page'; readonly seq: number; readonly sab: SharedArrayBuffer }
