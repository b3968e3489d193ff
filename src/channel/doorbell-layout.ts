/**
 * A task's doorbell in shared memory: three words, each on a line of its own.
 */
//  byte 0      128        256
//  | PARK     | PRIORITY | MAIL |
//  | anybody  | producers, coordinator set; the task takes |

const LINE_WORDS = 32

/** 1 while the task is about to sleep or sleeps. */
export const PARK_WORD = 0
/** Bits of what cannot wait for the end of a range of records. */
export const PRIORITY_WORD = LINE_WORDS
/** 1 while a message of the coordinator may be there. */
export const MAIL_WORD = 2 * LINE_WORDS

export const DOORBELL_BYTES = 3 * LINE_WORDS * 4
