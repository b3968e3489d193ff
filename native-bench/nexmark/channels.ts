/**
 * The channels and urls of bids with `flinkCompat`. Flink's generator draws their texts at each
 * start and no two runs agree; here channel N's are those of `Random(N)`, always the same.
 */
import { JavaRandom } from './java-random.ts'

const HOT_CHANNELS = ['Google', 'Facebook', 'Baidu', 'Apple']
const OTHER_CHANNELS = 10_000
const FOLDER_CHARS_MAX = 5
const UNDERSCORE = 0x5f

export interface Channel {
  readonly channel: string
  readonly url: string
}

/** Half of the bids come through one of the hot channels: a number within `allChannels()`. */
export function drawChannel(random: JavaRandom): number {
  if (random.below(2) > 0) return random.below(HOT_CHANNELS.length)
  return HOT_CHANNELS.length + random.below(OTHER_CHANNELS)
}

let made: readonly Channel[] | undefined

/** Made when first needed. */
export function allChannels(): readonly Channel[] {
  made ??= [...HOT_CHANNELS.map(hotChannel), ...Array.from({ length: OTHER_CHANNELS }, channelOf)]
  return made
}

function hotChannel(channel: string, k: number): Channel {
  const random = new JavaRandom()
  random.seed(OTHER_CHANNELS + k)
  return { channel, url: urlOf(random) }
}

/** Nine channels in ten have an id in their url. */
function channelOf(_: unknown, k: number): Channel {
  const random = new JavaRandom()
  random.seed(k)
  const url = urlOf(random)
  const id = random.below(10) > 0 ? `&channel_id=${Math.abs(reversed(k))}` : ''
  return { channel: `channel-${k}`, url: url + id }
}

function urlOf(random: JavaRandom): string {
  const folders = [0, 1, 2].map(() => folderOf(random)).join('/')
  return `https://www.nexmark.com/${folders}/item.htm?query=1`
}

function folderOf(random: JavaRandom): string {
  const bytes = new Uint8Array(FOLDER_CHARS_MAX)
  return String.fromCharCode(
    ...bytes.subarray(0, random.words(bytes, 0, FOLDER_CHARS_MAX, UNDERSCORE)),
  )
}

/** The 32 bits in the opposite order, as an int32. */
function reversed(value: number): number {
  let result = 0
  for (let bit = 0; bit < 32; bit++) result = (result << 1) | ((value >>> bit) & 1)
  return result
}
