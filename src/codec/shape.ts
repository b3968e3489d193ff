/** Placeholder until the codec lands: the plain description of what records of a page look like. */
export interface Shape {
  /** Content hash, 16 hex digits; `hi` and `lo` are its halves as int32. */
  readonly id: string
  readonly hi: number
  readonly lo: number
}
