/**
 * Any value as text, the same for values that are the same: object keys sorted, functions by
 * their source, numbers exactly. Only for comparing; it cannot be read back.
 */
export function describeValue(value: unknown): string {
  return describe(value, [])
}

function describe(value: unknown, above: readonly object[]): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'function':
      return `fn ${JSON.stringify(Function.prototype.toString.call(value))}`
    case 'object':
      return value === null ? 'null' : describeObject(value, above)
    default:
      return String(value)
  }
}

function describeObject(value: object, above: readonly object[]): string {
  if (above.includes(value)) return 'circular'
  const inner = (part: unknown) => describe(part, [...above, value])
  if (value instanceof Date) return `date ${value.getTime()}`
  if (value instanceof RegExp) return `regexp ${value}`
  if (ArrayBuffer.isView(value)) return `bytes ${bytesOf(value).toString('base64')}`
  if (Array.isArray(value)) return `[${value.map(inner).join()}]`
  if (value instanceof Map) return `map ${inner([...value])}`
  if (value instanceof Set) return `set ${inner([...value])}`
  const fields = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, part]) => `${JSON.stringify(name)}:${inner(part)}`)
  return `${classOf(value)}{${fields.join()}}`
}

function classOf(value: object): string {
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  return typeof name === 'string' && name !== 'Object' ? name : ''
}

function bytesOf(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength)
}
