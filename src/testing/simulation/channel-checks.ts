/**
 * What holds of every channel at any time: no more is given back than was published, neither end
 * goes back, and what is unread is bounded.
 * Threads: the caller's.
 */

import { limits } from '../../base/limits.ts'
import { R_WORD, W_WORD } from '../../channel/ring-layout.ts'
import type { TaskDeployment } from '../../protocol/deployment.ts'
import { Violation } from './simulated-sink.ts'

interface Checked {
  readonly name: string
  readonly words: Int32Array
  readonly pagesMax: number
  published: number
  released: number
}

/**
 * Beyond its ring a channel has one page at most for each barrier on its way, and those of the
 * record and the watermark that were under way when its credit was used up.
 */
const PAGES_BEYOND_MAX = limits.barrierSlots + 24

export class ChannelChecks {
  readonly #channels: readonly Checked[]

  constructor(deployments: readonly TaskDeployment[]) {
    this.#channels = deployments.flatMap((deployment) =>
      deployment.inputs.map((input, index) => {
        const words = new Int32Array(input.ring, 0, R_WORD + 1)
        return {
          name: `channel ${index} of task ${deployment.vertex}.${deployment.subtask}`,
          words,
          pagesMax: input.size.segments + PAGES_BEYOND_MAX,
          published: words[W_WORD]!,
          released: words[R_WORD]!,
        }
      }),
    )
  }

  check(): void {
    for (const channel of this.#channels) {
      const { words } = channel
      const published = words[W_WORD]!
      const released = words[R_WORD]!
      if (published === channel.published && released === channel.released) continue
      const unread = (published - released) | 0
      const goesOn =
        ((published - channel.published) | 0) >= 0 && ((released - channel.released) | 0) >= 0
      if (unread < 0 || unread > channel.pagesMax || !goesOn) {
        throw new Violation(
          `${channel.name}: ${unread} pages are unread of at most ${channel.pagesMax}; ` +
            `W ${channel.published} -> ${published}, R ${channel.released} -> ${released}`,
        )
      }
      channel.published = published
      channel.released = released
    }
  }
}
