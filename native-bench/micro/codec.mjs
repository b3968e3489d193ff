// Nanoseconds a record to write into pages and read out of them, and a key to encode and hash.
import { decodeKey, KeyEncoder, murmur3 } from '../../dist/codec/canonical-key.js'
import { Codecs } from '../../dist/codec/codecs.js'
import { copyValue } from '../../dist/codec/copy.js'
import { APPENDED, FULL, pageViews } from '../../dist/codec/page.js'
import { median, round } from '../measure.mjs'

const PAGE_BYTES = 32 << 10
const RECORDS = 4096

const at = (i) => (i * 2654435761) >>> 0
const text = (i, chars) => Buffer.from(at(i).toString(36).padStart(chars, 'k')).latin1Slice()

class Pair {
  constructor(i) {
    this.key = text(i, 10)
    this.value = i
  }
}

const kinds = {
  'key, value': (i) => ({ key: text(i, 10), value: at(i) & 0xffff }),
  bid: (i) => ({
    auction: 1000 + (at(i) % 1e5),
    bidder: 1000 + (at(i + 1) % 5e4) + 0.5,
    price: 100 + (at(i + 2) % 1e7),
    channel: text(i, 8),
    url: `https://www.nexmark.com/${text(i, 5)}/item.htm?q=${i % 10}`,
    dateTime: 1.7e12 + i,
    extra: text(i + 3, 20),
  }),
  'two numbers': (i) => ({ k: at(i) & 0xffff, v: at(i) / 7 }),
  'null and nested': (i) => ({ key: text(i, 10), n: i & 1 ? null : i, at: { x: i, y: i / 3 } }),
  'one optional': (i) => (i & 1 ? { key: text(i, 10), n: i } : { key: text(i, 10) }),
  'instance of a class': (i) => new Pair(i),
  'Latin-1 key': (i) => ({ key: `é${text(i, 9)}`, value: i }),
  'UTF-16 key': (i) => ({ key: `漢${text(i, 9)}`, value: i }),
  'with an array': (i) => ({ key: text(i, 10), tags: ['a', i] }),
  'plain string': (i) => text(i, 10),
}

export default {
  name: 'codec',
  what: 'ns to encode and decode records in pages, and keys',
  bar: 'key, value: 35 / 20 ns; bid: 90 / 60 ns; a key of 10 characters: 30 ns',
  async run({ smoke, repeat }) {
    const rounds = smoke ? 2 : 300
    const rows = Object.entries(kinds).map(([name, make]) =>
      measureKind(name, make, { rounds, repeat }),
    )
    return { rows: [...rows, ...measureKeys({ rounds, repeat })] }
  },
}

function measureKind(name, make, options) {
  const records = Array.from({ length: RECORDS }, (_, i) => make(i))
  const codecs = new Codecs()
  const shape = records.reduce((known, r) => codecs.widen(known, r), codecs.learn(records[0]))
  const writer = codecs.writer(shape, false)
  const reader = codecs.reader(shape, false)
  const pages = Array.from({ length: 64 }, () => pageViews(new SharedArrayBuffer(2 * PAGE_BYTES)))
  let used = 0
  const encode = loop(
    'records, writer, pages, FULL, finish',
    `let page = 0
    writer.begin(pages[0], 0, ${PAGE_BYTES})
    for (let i = 0; i < records.length; i++) {
      while (writer.append(records[i], 0) === FULL) {
        finish(writer, pages[page])
        page++
        writer.begin(pages[page], 0, ${PAGE_BYTES})
      }
    }
    finish(writer, pages[page])
    return page + 1`,
  )
  const decode = loop(
    'reader, pages, used, sink',
    `for (let page = 0; page < used; page++) {
      reader.open(pages[page], 0)
      const count = reader.count
      for (let i = 0; i < count; i++) sink.record = reader.record(i)
    }`,
  )
  const finish = (w, views) => {
    if (w.finish() >= 0) return
    w.relocate(views, 0, 2 * PAGE_BYTES)
    w.finish()
  }
  const encodeNs = measure(options, () => (used = encode(records, writer, pages, FULL, finish)))
  const sink = { record: undefined }
  const decodeNs = measure(options, () => decode(reader, pages, used, sink))
  return { what: name, encode: encodeNs, decode: decodeNs }
}

function measureKeys(options) {
  const encoder = new KeyEncoder()
  const sink = { sum: 0 }
  const body = `for (let i = 0; i < keys.length; i++) {
    encoder.encode(keys[i])
    sink.sum += murmur3(encoder.bytes, 0, encoder.length)
  }`
  const forms = {
    'key: 10 characters': (i) => text(i, 10),
    'key: number': (i) => at(i),
    'key: array': (i) => [text(i, 10), i],
  }
  const rows = Object.entries(forms).map(([what, make]) => {
    const keys = Array.from({ length: RECORDS }, (_, i) => make(i))
    const run = loop('keys, encoder, murmur3, sink', body)
    return { what, encode: measure(options, () => run(keys, encoder, murmur3, sink)) }
  })
  const bytes = Array.from({ length: RECORDS }, (_, i) => {
    encoder.encode(text(i, 10))
    return encoder.bytes.slice(0, encoder.length)
  })
  const bids = Array.from({ length: RECORDS }, (_, i) => kinds.bid(i))
  const each = (action) => () => {
    for (let i = 0; i < RECORDS; i++) action(i)
  }
  return [
    ...rows,
    {
      what: 'decodeKey: 10 characters',
      decode: measure(
        options,
        each((i) => (sink.sum = decodeKey(bytes[i], 0, bytes[i].length))),
      ),
    },
    {
      what: 'copyValue: bid',
      encode: measure(
        options,
        each((i) => (sink.sum = copyValue(bids[i]))),
      ),
    },
  ]
}

/** A function of its own for each measurement, so that none is slowed by another's types. */
function loop(parameters, body) {
  return new Function(...parameters.split(', '), body)
}

/** The median of the rounds' best thirds: nanoseconds for each of the records. */
function measure({ rounds, repeat }, run) {
  const results = []
  for (let k = 0; k < repeat; k++) {
    const times = []
    for (let r = 0; r < rounds; r++) {
      const from = performance.now()
      run()
      times.push(performance.now() - from)
    }
    times.sort((a, b) => a - b)
    results.push(median(times.slice(0, Math.ceil(rounds / 3))))
  }
  return round((median(results) * 1e6) / RECORDS, 1)
}

if (APPENDED !== 1) throw new Error('the loops take 1 for a record that was taken')
