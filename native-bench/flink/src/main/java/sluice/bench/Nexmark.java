package sluice.bench;

/** Nexmark's events: plain fields, as Flink's POJO serialiser asks, and one of three is there. */
public final class Nexmark {
  private Nexmark() {}

  public static class Event {
    public Person person;
    public Auction auction;
    public Bid bid;

    long dateTime() {
      if (bid != null) return bid.dateTime;
      return auction != null ? auction.dateTime : person.dateTime;
    }

    /** The same event, later: what a ring of events is replayed with. */
    void moveOn(long persons, long auctions, long millis) {
      if (bid != null) {
        bid.auction += auctions;
        bid.bidder += persons;
        bid.dateTime += millis;
      } else if (auction != null) {
        auction.id += auctions;
        auction.seller += persons;
        auction.dateTime += millis;
        auction.expires += millis;
      } else {
        person.id += persons;
        person.dateTime += millis;
      }
    }

    /** One line, by which generators are compared. */
    String line() {
      if (bid != null) return bid.line();
      return auction != null ? auction.line() : person.line();
    }
  }

  public static class Person {
    public long id;
    public String name;
    public String emailAddress;
    public String creditCard;
    public String city;
    public String state;
    public long dateTime;
    public String extra;

    String line() {
      return "P|" + id + '|' + name + '|' + emailAddress + '|' + creditCard + '|' + city + '|'
          + state + '|' + dateTime + '|' + extra;
    }
  }

  public static class Auction {
    public long id;
    public String itemName;
    public String description;
    public long initialBid;
    public long reserve;
    public long dateTime;
    public long expires;
    public long seller;
    public long category;
    public String extra;

    String line() {
      return "A|" + id + '|' + itemName + '|' + description + '|' + initialBid + '|' + reserve
          + '|' + dateTime + '|' + expires + '|' + seller + '|' + category + '|' + extra;
    }
  }

  public static class Bid {
    public long auction;
    public long bidder;
    public long price;
    public long dateTime;
    public String extra;

    String line() {
      return "B|" + auction + '|' + bidder + '|' + price + '|' + dateTime + '|' + extra;
    }
  }

  /** A bid in another currency: the result of q1. */
  public static class ConvertedBid {
    public long auction;
    public long bidder;
    public double price;
    public long dateTime;
    public String extra;
  }

  /** The result of q2. */
  public static class AuctionPrice {
    public long auction;
    public long price;
  }
}
