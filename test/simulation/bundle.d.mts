/** See bundle.mjs. */
export interface Change {
  readonly file: string
  readonly from: string
  readonly to: string
}

export declare const ROOT: string

export declare function bundleSimulator(
  changes?: readonly Change[],
): Promise<{ readonly url: string; readonly remove: () => void }>
