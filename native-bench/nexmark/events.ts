/**
 * The events of Nexmark, and each as one line of text: what hashes are computed over.
 */
export interface Person {
  kind: 'person'
  id: number
  name: string
  emailAddress: string
  creditCard: string
  city: string
  state: string
  dateTime: number
  extra: string
}

export interface Auction {
  kind: 'auction'
  id: number
  itemName: string
  description: string
  initialBid: number
  reserve: number
  dateTime: number
  expires: number
  seller: number
  category: number
  extra: string
}

export interface Bid {
  kind: 'bid'
  auction: number
  bidder: number
  price: number
  /** With `flinkCompat`. */
  channel?: string
  url?: string
  dateTime: number
  extra: string
}

export type NexmarkEvent = Person | Auction | Bid

/** A bid with `flinkCompat`. */
export type ChannelBid = Bid & { channel: string; url: string }

/** Without a line feed. Channel and url, where there are any, stand before the time. */
export function canonicalLine(event: NexmarkEvent): string {
  switch (event.kind) {
    case 'person': {
      const { id, name, emailAddress, creditCard, city, state, dateTime, extra } = event
      return `P|${id}|${name}|${emailAddress}|${creditCard}|${city}|${state}|${dateTime}|${extra}`
    }
    case 'auction': {
      const { id, itemName, description, initialBid, reserve, dateTime, expires } = event
      const head = `A|${id}|${itemName}|${description}|${initialBid}|${reserve}`
      const tail = `${event.seller}|${event.category}|${event.extra}`
      return `${head}|${dateTime}|${expires}|${tail}`
    }
    case 'bid': {
      const { auction, bidder, price, channel, url, dateTime, extra } = event
      const site = channel === undefined ? '' : `|${channel}|${url}`
      return `B|${auction}|${bidder}|${price}${site}|${dateTime}|${extra}`
    }
  }
}
