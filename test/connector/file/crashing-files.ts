/**
 * A directory in memory that knows what is durable and what is not, and lets the process or the
 * whole machine die before any step that touches it.
 */
import type { OutputFile, OutputFiles } from '../../../src/connector/file/output-files.ts'

export class Crash extends Error {}

interface File {
  readonly inode: number
  text: string
  durable: string
}

/** Says for each thing that is not durable whether a crash of the machine takes it. */
export type IsLost = () => boolean

export class Disk {
  #names = new Map<string, File>()
  #durable = new Map<string, File>()
  #inodes = 0

  /** Steps left until the crash. */
  stepsLeft = Number.POSITIVE_INFINITY

  get names(): readonly string[] {
    return [...this.#names.keys()].sort()
  }

  text(name: string): string | undefined {
    return this.#names.get(name)?.text
  }

  step(): void {
    if (this.stepsLeft-- <= 0) throw new Crash('the process is killed')
  }

  find(name: string): File | undefined {
    return this.#names.get(name)
  }

  create(name: string, text: string): File {
    const file = { inode: ++this.#inodes, text, durable: '' }
    this.#names.set(name, file)
    return file
  }

  /** As a writer does before it hands a file over. */
  createDurably(name: string, text: string): void {
    this.create(name, text).durable = text
    this.sync()
  }

  name(name: string, file: File): void {
    this.#names.set(name, file)
  }

  remove(name: string): void {
    this.#names.delete(name)
  }

  sync(): void {
    this.#durable = new Map(this.#names)
  }

  /** The machine loses power: of each name either state may be on the disk. */
  losePower(isLost: IsLost): void {
    for (const name of new Set([...this.#names.keys(), ...this.#durable.keys()])) {
      const [now, before] = [this.#names.get(name), this.#durable.get(name)]
      if (now === before || !isLost()) continue
      if (before === undefined) this.#names.delete(name)
      else this.#names.set(name, before)
    }
    for (const file of this.#names.values()) if (isLost()) file.text = file.durable
    this.sync()
  }
}

export class DiskFiles implements OutputFiles {
  readonly directory = '/out'
  readonly #disk: Disk

  constructor(disk: Disk) {
    this.#disk = disk
  }

  async makeWritable(): Promise<void> {
    this.#disk.step()
  }

  async list(): Promise<readonly string[]> {
    this.#disk.step()
    return this.#disk.names
  }

  async find(name: string): Promise<OutputFile | undefined> {
    this.#disk.step()
    const file = this.#disk.find(name)
    return file && { identity: String(file.inode), bytes: file.text.length }
  }

  async read(name: string): Promise<string | undefined> {
    this.#disk.step()
    return this.#disk.text(name)
  }

  async write(name: string, text: string): Promise<void> {
    this.#disk.step()
    const file = this.#disk.create(name, '')
    this.#disk.step()
    file.text = text.slice(0, text.length / 2)
    this.#disk.step()
    file.text = text
    this.#disk.step()
    file.durable = text
  }

  async rename(from: string, to: string): Promise<void> {
    this.#disk.step()
    this.#disk.name(to, this.#disk.find(from)!)
    this.#disk.remove(from)
  }

  async link(from: string, to: string): Promise<boolean> {
    this.#disk.step()
    if (this.#disk.find(to) !== undefined) return false
    this.#disk.name(to, this.#disk.find(from)!)
    return true
  }

  async unlink(name: string): Promise<void> {
    this.#disk.step()
    this.#disk.remove(name)
  }

  async sync(): Promise<void> {
    this.#disk.step()
    this.#disk.sync()
  }
}
