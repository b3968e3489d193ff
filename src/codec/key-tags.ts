/**
 * The first byte of each encoded key says its type. Composites end with a byte that is less than
 * any tag, so that a shorter one comes first; zero bytes of what lies within them are escaped.
 * These values are part of every stored format and never change.
 */

export const END_BYTE = 0x00
/** Begins each field of a record, since a name may be empty. */
export const FIELD_BYTE = 0x01
/** After a zero byte: the zero is part of the value. Greater than any tag. */
export const ESCAPE_BYTE = 0xff

export const UNDEFINED_TAG = 0x08
export const NULL_TAG = 0x10
export const FALSE_TAG = 0x18
export const TRUE_TAG = 0x19
export const NUMBER_TAG = 0x20
export const BIGINT_TAG = 0x28
export const DATE_TAG = 0x30
export const STRING_TAG = 0x40
export const BYTES_TAG = 0x48
export const ARRAY_TAG = 0x50
export const RECORD_TAG = 0x58

/** Stands for zero; a bigint's count of bytes is added to it, or subtracted if it is negative. */
export const BIGINT_LENGTH_BIAS = 0x80000000
