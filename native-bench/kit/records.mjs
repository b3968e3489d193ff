// Records to be encoded, or taken through a chain, the same in every run.

/** A number of 32 bits for each `i`, in no order. */
export const at = (i) => (i * 2654435761) >>> 0

/** A flat text of so many characters, which no other has a part of. */
export const text = (i, chars) =>
  Buffer.from(at(i).toString(36).padStart(chars, 'k')).toString('latin1')

/** As Nexmark's are. */
export const bid = (i) => ({
  auction: 1000 + (at(i) % 1e5),
  bidder: 1000 + (at(i + 1) % 5e4),
  price: 100 + (at(i + 2) % 1e7),
  channel: text(i, 8),
  url: `https://www.nexmark.com/${text(i, 5)}/item.htm?q=${i % 10}`,
  dateTime: 1.7e12 + i,
  extra: text(i + 3, 20),
})
