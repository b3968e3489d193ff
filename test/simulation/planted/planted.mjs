/**
 * Bugs to be planted in the engine, one at a time: each changes an order or some arithmetic and
 * tells nobody. `from` stands in its file exactly once. One of the seeds from `seed` on finds it.
 */

/** @type {readonly { name: string, file: string, from: string, to: string, seed: number }[]} */
export const planted = [
  {
    name: 'the write cursor is read behind the barrier slots',
    file: 'src/channel/input-channel.ts',
    from: `    const isVisible = this.#ring.look()
    this.#watch?.look()
    return isVisible`,
    to: `    this.#watch?.look()
    return this.#ring.look()`,
    seed: 600001,
  },
  {
    name: 'credit is returned twice',
    file: 'src/channel/ring-consumer.ts',
    from: 'this.#words.store(this.#control, R_WORD, this.next)',
    to: 'this.#words.store(this.#control, R_WORD, (this.next + 1) | 0)',
    seed: 600000,
  },
  {
    name: 'a barrier is placed before the open page is published',
    file: 'src/channel/output-channel.ts',
    from: `    this.publish()
    this.#barriers.place(barrier, this.#ring.next)`,
    to: `    this.#barriers.place(barrier, this.#ring.next)
    this.publish()`,
    seed: 600000,
  },
  {
    name: 'the consumer is rung before the barrier slot is filled',
    file: 'src/channel/output-channel.ts',
    from: `    this.#barriers.place(barrier, this.#ring.next)
    // After the slot, before any page behind it: see \`BarrierWatch\`.
    this.#consumer.setPriority()`,
    to: `    this.#consumer.setPriority()
    this.#barriers.place(barrier, this.#ring.next)`,
    seed: 600004,
  },
  {
    name: 'a barrier slot is shown filled before its words are written',
    file: 'src/channel/barrier-placer.ts',
    from: `    this.#lastId = checkpointId
`,
    to: `    this.#lastId = checkpointId
    this.#words.store(this.#views.i32, slot + SLOT_STATE_WORD, SLOT_FILLED)
    this.#words.load(this.#views.i32, slot + SLOT_STATE_WORD)
`,
    seed: 600014,
  },
  {
    name: 'a later barrier is taken up before an earlier one',
    file: 'src/channel/announced-barriers.ts',
    from: 'if (isFilled && i32[slot + SLOT_NUMBER_WORD] === number) return slot',
    to: 'if (isFilled && i32[slot + SLOT_NUMBER_WORD]! >= number) return slot',
    seed: 700060,
  },
  {
    name: 'a barrier counts for that of the next checkpoint, too',
    file: 'src/barrier/alignment.ts',
    from: 'filter((k) => this.#reached[k]! < checkpointId)',
    to: 'filter((k) => this.#reached[k]! < checkpointId - 1)',
    seed: 600001,
  },
  {
    name: 'a channel goes on reading behind its barrier',
    file: 'src/task/gate-input.ts',
    from: 'channel.blocked = reached.block',
    to: 'channel.blocked = reached.block && channel.index > 0',
    seed: 600000,
  },
  {
    name: 'a task announces its sleep behind its last look',
    file: 'src/channel/doorbell.ts',
    from: `    this.#words.store(this.#state, PARK_WORD, 1)
    if (!recheck()) return true
    this.awake()
    return false`,
    to: `    if (recheck()) return false
    this.#words.store(this.#state, PARK_WORD, 1)
    return true`,
    seed: 600000,
  },
  {
    name: 'to look for mail takes the word of barriers along',
    file: 'src/channel/doorbell.ts',
    from: 'return this.hasMail() && this.#words.exchange(this.#state, MAIL_WORD, 0) !== 0',
    to: 'return this.hasMail() && this.#words.exchange(this.#state, PRIORITY_WORD, 0) !== -1',
    seed: 600000,
  },
  {
    name: 'a producer asks for credit behind its last look',
    file: 'src/channel/output-channel.ts',
    from: `    this.#ring.waitFor(WAITS_FOR_CREDIT)
    this.refresh()
    if (!this.#ring.hasCredit()) return false`,
    to: `    this.refresh()
    const hasCredit = this.#ring.hasCredit()
    this.#ring.waitFor(WAITS_FOR_CREDIT)
    if (!hasCredit) return false`,
    seed: 600000,
  },
  {
    name: 'a checkpoint is published when all tasks but one have acknowledged it',
    file: 'src/checkpoint/pending-checkpoint.ts',
    from: 'return this.#waiting.size === 0',
    to: 'return this.#waiting.size <= 1',
    seed: 600000,
  },
  {
    name: 'output is committed before the metadata are durable',
    file: 'src/coordinator/job-checkpoints.ts',
    from: `      const bytes = encodeMetadata(metadata)
      await storage.publish(checkpointId, bytes)`,
    to: `      const bytes = encodeMetadata(metadata)
      commits.commit(own).catch(() => {})
      await storage.publish(checkpointId, bytes)`,
    seed: 600002,
  },
  {
    name: 'output that is not committed yet is left out of the next checkpoint',
    file: 'src/coordinator/job-checkpoints.ts',
    from: 'running.metadata([...commits.pending, ...own], this.#nowMs())',
    to: 'running.metadata([...own], this.#nowMs())',
    seed: 600343,
  },
  {
    name: 'a task forgets output that a later checkpoint has to hand over',
    file: 'src/task/uncommitted.ts',
    from: 'this.#prepared = this.#prepared.filter((one) => one.checkpointId > checkpointId)',
    to: 'this.#prepared = this.#prepared.filter((one) => one.checkpointId > checkpointId + 1)',
    seed: 600012,
  },
  {
    name: 'the name of the metadata is not synced',
    file: 'src/storage/file-store.ts',
    from: `  try {
    await syncDirectory(dirname(path))
  } catch (error) {
    // Nobody may go on`,
    to: `  try {
    await syncDirectory(dirname(dirname(path)))
  } catch (error) {
    // Nobody may go on`,
    seed: 600012,
  },
  {
    name: 'the names of files are not synced before metadata that name them',
    file: 'src/storage/file-store.ts',
    from: 'await both(writeDurably(temporary, [bytes]), syncDirectory(dirname(path)))',
    to: 'await writeDurably(temporary, [bytes])',
    seed: 600159,
  },
  {
    name: 'the bytes of files are not synced',
    file: 'src/storage/durable-files.ts',
    from: `    await writeAll(file, parts)
    await file.sync()`,
    to: `    await writeAll(file, parts)`,
    seed: 600002,
  },
  {
    name: 'the oldest retained checkpoint is deleted before the next is complete',
    file: 'src/checkpoint/retention.ts',
    from: 'return this.#ids.splice(0, Math.max(0, this.#ids.length - this.#max))',
    to: 'return this.#ids.splice(0, Math.max(0, this.#ids.length - this.#max + 1))',
    seed: 600000,
  },
  {
    name: 'key groups are off by one at another parallelism',
    file: 'src/checkpoint/assign-operators.ts',
    from: 'return fromBefore < to && from < toBefore ? files : []',
    to: 'return fromBefore < to - 1 && from < toBefore ? files : []',
    seed: 600173,
  },
  {
    name: 'what changes during a snapshot is written as it is afterwards',
    file: 'src/state/heap/tracked-store.ts',
    from: 'for (let i = cursors.length; --i >= 0; ) cursors[i]!.changing(slot)',
    to: 'cursors[0]!.changing(slot)',
    seed: 600000,
  },
  {
    name: 'event time is ahead of itself in the snapshot',
    file: 'src/task/gate-input.ts',
    from: 'const times = { watermarkMs: valve.watermarkMs, channels }',
    to: 'const times = { watermarkMs: valve.watermarkMs + 500, channels }',
    seed: 600305,
  },
  {
    name: 'a batch begins anew behind a restore',
    file: 'src/task/source-input.ts',
    from: 'return { position, consumed: this.#consumed, unreadable: this.#unreadableTaken }',
    to: 'return { position, consumed: this.#consumed & ~1, unreadable: this.#unreadableTaken }',
    seed: 600000,
  },
  {
    name: 'splits that wait at a task are left out of its snapshot',
    file: 'src/task/source-input.ts',
    from: 'return { splits: [...current, ...this.#splits] }',
    to: 'return { splits: current.length > 0 ? current : this.#splits }',
    seed: 600106,
  },
  {
    name: 'splits that nobody has asked for yet are found anew at each trigger',
    file: 'src/coordinator/job-attempts.ts',
    from: 'splits: cut.assigners.get(task!)!.waiting',
    to: 'splits: cut.assigners.get(task!)!.waiting.slice(1)',
    seed: 600002,
  },
  {
    name: 'the open page is kept twice for an unaligned checkpoint',
    file: 'src/channel/input-channel.ts',
    from: 'let seq = (this.#ring.next + (isOpen ? 1 : 0)) | 0',
    to: 'let seq = this.#ring.next | 0',
    seed: 600000,
  },
  {
    name: 'the last page before a barrier is not kept for an unaligned checkpoint',
    file: 'src/channel/input-channel.ts',
    from: '      seq !== position;',
    to: '      ((seq - position) | 0) < -1;',
    seed: 600040,
  },
  {
    name: 'a page that is kept is given back before it is written',
    file: 'src/channel/channel-capture.ts',
    from: 'const isLent = (page: Uint8Array) => page.buffer === ring.u8.buffer',
    to: 'const isLent = (page: Uint8Array) => page.buffer !== ring.u8.buffer',
    seed: 600090,
  },
  {
    name: 'records of the open page that are processed are in flight, too',
    file: 'src/channel/input-channel.ts',
    from: 'return { cursor: this.cursor, marksTaken: this.#marks.taken }',
    to: 'return { cursor: 0, marksTaken: this.#marks.taken }',
    seed: 600040,
  },
  {
    name: 'new pages are read before all that is restored',
    file: 'src/channel/input-channel.ts',
    from: 'if (this.#restoredLeft.count > 0) return this.#openRestored()',
    to: 'if (this.#restored.list.length > 0) return this.#openRestored()',
    seed: 600040,
  },
  {
    name: 'an unaligned snapshot does not wait for the barriers it does not know',
    file: 'src/channel/input-channel.ts',
    from: '    else this.#captures.push(capture)',
    to: '    else capture.isComplete = true',
    seed: 600019,
  },
  {
    name: 'the newest of several orders to a task is carried out first',
    file: 'src/task/task-mailbox.ts',
    from: 'return this.#orders.shift()',
    to: 'return this.#orders.pop()',
    seed: 600001,
  },
  {
    name: 'a sleeper is told of mail before it is there',
    file: 'src/channel/doorbell.ts',
    from: `    this.#words.store(this.#state, MAIL_WORD, 1)
    this.wake()`,
    to: `    this.wake()
    this.#words.store(this.#state, MAIL_WORD, 1)`,
    seed: 600000,
  },
  {
    name: 'a change of options holds from the change after it',
    file: 'src/coordinator/checkpointing-view.ts',
    from: `      checkpointing.change(options)
      checkpoints!.change(settingsOf(options))`,
    to: `      checkpoints!.change(settingsOf(checkpointing.options))
      checkpointing.change(options)`,
    seed: 600076,
  },
]
