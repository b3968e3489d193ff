/**
 * The two ends of a message channel within one thread: nothing is cloned, and no event loop is
 * asked. For simulations, which make channels by the thousand.
 * Threads: the one that made them.
 */
import type { MessagePort } from 'node:worker_threads'
import { receiveMessageOnPort } from 'node:worker_threads'

class LocalPort {
  readonly #received: unknown[] = []
  #other: LocalPort | undefined

  connect(other: LocalPort): void {
    this.#other = other
  }

  postMessage(message: unknown): void {
    this.#other?.take(message)
  }

  take(message: unknown): void {
    this.#received.push(message)
  }

  receive(): { readonly message: unknown } | undefined {
    return this.#received.length === 0 ? undefined : { message: this.#received.shift() }
  }

  unref(): void {}

  close(): void {
    this.#other = undefined
  }
}

export interface PortPair {
  readonly port1: MessagePort
  readonly port2: MessagePort
}

/** Of a real port only what channels use is there. */
export function localPorts(): PortPair {
  const [one, other] = [new LocalPort(), new LocalPort()]
  one.connect(other)
  other.connect(one)
  return { port1: one as unknown as MessagePort, port2: other as unknown as MessagePort }
}

/** As `receiveMessageOnPort`, for both kinds. */
export function receiveOn(port: MessagePort): { readonly message: unknown } | undefined {
  const any: unknown = port
  return any instanceof LocalPort ? any.receive() : receiveMessageOnPort(port)
}
