// The page codec beside JSON, v8.serialize, msgpackr and avsc: nanoseconds to encode a record and
// to decode it and read all of its fields, and bytes a record. The others encode record by record.
import v8 from 'node:v8'
import avro from 'avsc'
import { Packr } from 'msgpackr'
import { Codecs } from '../../dist/codec/codecs.js'
import { FULL, pageViews } from '../../dist/codec/page.js'
import { at, bid, text } from '../kit/records.mjs'
import { figuresOf, loop, measureTasks, sink } from '../kit/tasks.mjs'
import { round } from '../measure.mjs'

const RECORDS = 4096
const RECORDS_SMOKE = 64
const PAGE_BYTES = 32 << 10
const PAGES = 64
const BUFFER_BYTES = 4 << 20

const avroRecord = (name, fields) => ({
  type: 'record',
  name,
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
})

const kinds = {
  'key, value': {
    make: (i) => ({ key: text(i, 10), value: at(i) & 0xffff }),
    touch: 'r.key.length + r.value',
    avro: avroRecord('KeyValue', { key: 'string', value: 'int' }),
  },
  bid: {
    make: bid,
    touch: `r.auction + r.bidder + r.price + r.channel.length + r.url.length + r.dateTime +
      r.extra.length`,
    avro: avroRecord('Bid', {
      auction: 'int',
      bidder: 'int',
      price: 'int',
      channel: 'string',
      url: 'string',
      dateTime: 'long',
      extra: 'string',
    }),
  },
  nested: {
    make: (i) => ({ key: text(i, 10), n: i, at: { x: i, y: i / 3, place: text(i, 8) } }),
    touch: 'r.key.length + r.n + r.at.x + r.at.y + r.at.place.length',
    avro: avroRecord('Nested', {
      key: 'string',
      n: 'int',
      at: avroRecord('Place', { x: 'int', y: 'double', place: 'string' }),
    }),
  },
}

export default {
  name: 'codec-others',
  what: 'ns to encode and decode a record, bytes a record: our pages, JSON, v8, msgpackr, avsc',
  repeat: 3,

  async run(options) {
    const rows = []
    const measured = []
    for (const [kind, spec] of Object.entries(kinds)) {
      const actions = options.smoke ? RECORDS_SMOKE : RECORDS
      const records = Array.from({ length: actions }, (_, i) => spec.make(i))
      const ways = waysOf(records, spec)
      for (const [way, { encode, decode }] of Object.entries(ways)) {
        const bytes = encode()
        check(`${kind}, ${way}`, decode(), records, spec)
        const tasks = await measureTasks(
          [
            { what: `${kind}, encode: ${way}`, actions, run: () => void (sink.sum += encode()) },
            { what: `${kind}, decode: ${way}`, actions, run: () => void (sink.sum += decode()) },
          ],
          options,
        )
        measured.push(...tasks)
        const [encodeNs, decodeNs] = tasks.map(({ ns }) => round(ns, 0))
        rows.push({
          what: kind,
          by: way,
          encode: encodeNs,
          decode: decodeNs,
          bytes: round(bytes / actions, 1),
        })
      }
    }
    return { rows, figures: figuresOf(measured, (what) => what.endsWith('pages')) }
  },
}

/** All fields of all records were there, and right as far as a sum can tell. */
function check(what, found, records, { touch }) {
  const expected = loop('records', `let s = 0; for (const r of records) s += ${touch}; return s`)
  const sum = expected(records)
  if (Math.abs(found - sum) > 1e-9 * sum) throw new Error(`${what}: ${found}, not ${sum}`)
}

/** `encode` returns the bytes of all records, `decode` the sum of all fields. */
function waysOf(records, { touch, avro: schema }) {
  const packr = new Packr({ structures: [] })
  const type = avro.Type.forSchema(schema)
  return {
    pages: pages(records, touch),
    JSON: inBuffer(records, touch, {
      names: ['json', JSON],
      encode: 'at += buffer.write(json.stringify(r), at)',
      decode: "json.parse(buffer.toString('utf8', from, to))",
    }),
    'v8.serialize': oneByOne(records, touch, {
      names: ['v8', v8],
      encode: 'v8.serialize(r)',
      decode: 'v8.deserialize(b)',
    }),
    msgpackr: oneByOne(records, touch, {
      names: ['packr', packr],
      encode: 'packr.pack(r)',
      decode: 'packr.unpack(b)',
    }),
    avsc: inBuffer(records, touch, {
      names: ['type', type],
      encode: 'at = type.encode(r, buffer, at)',
      decode: 'type.decode(buffer, from).value',
    }),
  }
}

/** Into one buffer, one record behind the other. */
function inBuffer(records, touch, { names: [name, codec], encode, decode }) {
  const buffer = Buffer.alloc(BUFFER_BYTES)
  const ends = new Int32Array(records.length)
  const encodeAll = loop(
    `records, buffer, ends, ${name}`,
    `let at = 0
    for (let i = 0; i < records.length; i++) {
      const r = records[i]
      ${encode}
      ends[i] = at
    }
    return at`,
  )
  const decodeAll = loop(
    `buffer, ends, sink, ${name}`,
    `let sum = 0, from = 0
    for (let i = 0; i < ends.length; i++) {
      const to = ends[i]
      const r = sink.last = ${decode}
      sum += ${touch}
      from = to
    }
    return sum`,
  )
  return {
    encode: () => encodeAll(records, buffer, ends, codec),
    decode: () => decodeAll(buffer, ends, sink, codec),
  }
}

/** Into a buffer of the codec's own for each record. */
function oneByOne(records, touch, { names: [name, codec], encode, decode }) {
  const buffers = []
  const encodeAll = loop(
    `records, buffers, ${name}`,
    `let bytes = 0
    for (let i = 0; i < records.length; i++) {
      const r = records[i]
      bytes += (buffers[i] = ${encode}).length
    }
    return bytes`,
  )
  const decodeAll = loop(
    `buffers, sink, ${name}`,
    `let sum = 0
    for (let i = 0; i < buffers.length; i++) {
      const b = buffers[i]
      const r = sink.last = ${decode}
      sum += ${touch}
    }
    return sum`,
  )
  return {
    encode: () => encodeAll(records, buffers, codec),
    decode: () => decodeAll(buffers, sink, codec),
  }
}

function pages(records, touch) {
  const codecs = new Codecs()
  const shape = records.reduce((known, r) => codecs.widen(known, r), codecs.learn(records[0]))
  const writer = codecs.writer(shape, false)
  const reader = codecs.reader(shape, false)
  const views = Array.from({ length: PAGES }, () => pageViews(new SharedArrayBuffer(PAGE_BYTES)))
  const used = { pages: 0 }
  const encode = loop(
    'records, writer, views, used, FULL',
    `let page = 0, bytes = 0
    writer.begin(views[0], 0, ${PAGE_BYTES})
    for (let i = 0; i < records.length; i++) {
      while (writer.append(records[i], 0) === FULL) {
        bytes += writer.finish()
        writer.begin(views[++page], 0, ${PAGE_BYTES})
      }
    }
    bytes += writer.finish()
    used.pages = page + 1
    return bytes`,
  )
  const decode = loop(
    'reader, views, used, sink',
    `let sum = 0
    for (let page = 0; page < used.pages; page++) {
      reader.open(views[page], 0)
      const count = reader.count
      for (let i = 0; i < count; i++) {
        const r = sink.last = reader.record(i)
        sum += ${touch}
      }
    }
    return sum`,
  )
  return {
    encode: () => encode(records, writer, views, used, FULL),
    decode: () => decode(reader, views, used, sink),
  }
}
