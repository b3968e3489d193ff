/**
 * Every bound of the engine that is no option, with the relations between them. All bytes and
 * counts are per task or per channel as the name says.
 */
export const limits = {
  segmentBytesMin: 256,
  segmentBytesMax: 1 << 20,
  gateBytes: 1 << 20,
  gateBytesMax: 2 << 20,
  channelSegmentsMin: 2,
  channelSegmentsMax: 256,
  barrierSlots: 8,
  parallelismMax: 1024,
  /** Each is a thread: with twice as many, Linux refuses a process more memory mappings. */
  tasksMax: 1024,
  maxParallelismMax: 32_768,
  overdraftBytesMax: 64 << 20,
  recordBytesMax: 32 << 20,
  stepMsMax: 1,
} as const

if (limits.recordBytesMax > limits.overdraftBytesMax) {
  throw new Error('one record must fit into the overdraft, or a producer could wait forever')
}
if (limits.segmentBytesMin * limits.channelSegmentsMin > limits.gateBytesMax) {
  throw new Error('the smallest ring must fit into a gate')
}
