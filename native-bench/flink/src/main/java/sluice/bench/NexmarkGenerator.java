package sluice.bench;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Nexmark's events as Beam's generator makes them, event for event: all of an event is drawn from a
 * random generator seeded with its id, so that any of them can be made without those before it.
 */
final class NexmarkGenerator implements Feed<Nexmark.Event> {
  private static final int PERSONS = 1;
  private static final int AUCTIONS = 3;
  /** Persons, auctions and bids together: after so many events it starts anew. */
  static final int CYCLE = 50;

  private static final long FIRST_ID = 1000;
  private static final int FIRST_CATEGORY = 10;
  private static final int CATEGORIES = 5;
  private static final int ID_LEAD = 10;
  private static final int HOT_BATCH = 100;
  private static final int HOT_AUCTION_RATIO = 2;
  private static final int HOT_SELLER_RATIO = 4;
  private static final int HOT_BIDDER_RATIO = 4;
  private static final int AUCTIONS_IN_FLIGHT = 100;
  private static final int ACTIVE_PERSONS = 1000;
  private static final int PERSON_BYTES = 200;
  private static final int AUCTION_BYTES = 500;
  private static final int BID_BYTES = 100;

  private static final String[] FIRST_NAMES = {
    "Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"
  };
  private static final String[] LAST_NAMES = {
    "Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"
  };
  private static final String[] CITIES = {
    "Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle",
    "Kent", "Cheyenne"
  };
  private static final String[] STATES = {"AZ", "CA", "ID", "OR", "WA", "WY"};

  private static final int THREES = 26 * 26 * 26;
  private static final int[] THREE_LETTERS = threeLetters();
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final NexmarkConfig config;
  private final long firstId;
  private final NexmarkRandom random = new NexmarkRandom();
  private final byte[] letters = new byte[2 * AUCTION_BYTES];
  private long number;
  private long timestamp;

  NexmarkGenerator(NexmarkConfig config, int generator, long position) {
    this.config = config;
    firstId = config.firstId(generator);
    number = position;
  }

  /** How many persons and auctions a number of whole cycles brings. */
  static long personsIn(long events) {
    return events / CYCLE * PERSONS;
  }

  static long auctionsIn(long events) {
    return events / CYCLE * AUCTIONS;
  }

  @Override
  public Nexmark.Event next() {
    long id = firstId + number;
    timestamp = config.timestamp(number);
    random.setSeed(id);
    Nexmark.Event event = new Nexmark.Event();
    long turn = id % CYCLE;
    if (turn < PERSONS) event.person = person(id);
    else if (turn < PERSONS + AUCTIONS) event.auction = auction(id);
    else event.bid = bid(id);
    number++;
    return event;
  }

  @Override
  public long timestamp() {
    return timestamp;
  }

  private Nexmark.Person person(long id) {
    Nexmark.Person person = new Nexmark.Person();
    person.id = lastPerson(id) + FIRST_ID;
    person.name = oneOf(FIRST_NAMES) + ' ' + oneOf(LAST_NAMES);
    person.emailAddress = text(7) + '@' + text(5) + ".com";
    person.creditCard = creditCard();
    person.city = oneOf(CITIES);
    person.state = oneOf(STATES);
    person.dateTime = timestamp;
    int bytes =
        8 + person.name.length() + person.emailAddress.length() + person.creditCard.length()
            + person.city.length() + person.state.length();
    person.extra = extra(bytes, PERSON_BYTES);
    return person;
  }

  private Nexmark.Auction auction(long id) {
    Nexmark.Auction auction = new Nexmark.Auction();
    auction.id = lastAuction(id) + FIRST_ID;
    boolean hot = random.nextInt(HOT_SELLER_RATIO) > 0;
    auction.seller = (hot ? hotPerson(id) : somePerson(id)) + FIRST_ID;
    auction.category = FIRST_CATEGORY + random.nextInt(CATEGORIES);
    auction.initialBid = price();
    auction.dateTime = timestamp;
    auction.expires = timestamp + duration();
    auction.itemName = text(20);
    auction.description = text(100);
    auction.reserve = auction.initialBid + price();
    int bytes = 8 + auction.itemName.length() + auction.description.length() + 5 * 8;
    auction.extra = extra(bytes, AUCTION_BYTES);
    return auction;
  }

  private Nexmark.Bid bid(long id) {
    Nexmark.Bid bid = new Nexmark.Bid();
    boolean hotAuction = random.nextInt(HOT_AUCTION_RATIO) > 0;
    bid.auction = (hotAuction ? hotAuction(id) : someAuction(id)) + FIRST_ID;
    boolean hotBidder = random.nextInt(HOT_BIDDER_RATIO) > 0;
    // Next to the hot seller, so that nobody bids on auctions of their own.
    bid.bidder = (hotBidder ? hotPerson(id) + 1 : somePerson(id)) + FIRST_ID;
    bid.price = price();
    bid.dateTime = timestamp;
    bid.extra = extra(4 * 8, BID_BYTES);
    return bid;
  }

  private static long lastPerson(long id) {
    return id / CYCLE * PERSONS + Math.min(id % CYCLE, PERSONS - 1);
  }

  private static long lastAuction(long id) {
    long turn = id % CYCLE;
    long before = id / CYCLE * AUCTIONS;
    if (turn < PERSONS) return before - 1;
    return before + Math.min(turn - PERSONS, AUCTIONS - 1);
  }

  private static long hotPerson(long id) {
    return lastPerson(id) / HOT_BATCH * HOT_BATCH;
  }

  private static long hotAuction(long id) {
    return lastAuction(id) / HOT_BATCH * HOT_BATCH;
  }

  private long somePerson(long id) {
    long persons = lastPerson(id) + 1;
    long active = Math.min(persons, ACTIVE_PERSONS);
    return persons - active + random.nextLong(active + ID_LEAD);
  }

  private long someAuction(long id) {
    long last = lastAuction(id);
    long first = Math.max(last - AUCTIONS_IN_FLIGHT, 0);
    return first + random.nextLong(last - first + 1 + ID_LEAD);
  }

  /** Milliseconds until about so many later auctions have begun as are open at a time. */
  private long duration() {
    long ahead = AUCTIONS_IN_FLIGHT * CYCLE / AUCTIONS;
    long horizon = config.timestamp(number + ahead) - timestamp;
    return 1 + random.nextLong(Math.max(2 * horizon, 1));
  }

  private long price() {
    return Math.round(Math.pow(10.0, random.nextDouble() * 6.0) * 100.0);
  }

  private String oneOf(String[] words) {
    return words[random.nextInt(words.length)];
  }

  private String creditCard() {
    int length = 0;
    for (int group = 0; group < 4; group++) {
      if (group > 0) letters[length++] = ' ';
      int digits = random.nextInt(10_000);
      for (int unit = 1000; unit > 0; unit /= 10) {
        letters[length++] = (byte) ('0' + digits / unit % 10);
      }
    }
    return string(0, length);
  }

  /** Words of small letters, without spaces at either end. */
  private String text(int lengthMax) {
    int end = 3 + random.nextInt(lengthMax - 3);
    for (int i = 0; i < end; i++) {
      letters[i] = (byte) (random.nextInt(13) == 0 ? ' ' : 'a' + random.nextInt(26));
    }
    int start = 0;
    while (start < end && letters[start] == ' ') start++;
    while (end > start && letters[end - 1] == ' ') end--;
    return string(start, end - start);
  }

  /** Fills an event up to about the size that is wanted. */
  private String extra(int bytes, int bytesWanted) {
    if (bytes > bytesWanted) return "";
    int missing = bytesWanted - bytes;
    int spread = (int) Math.round(missing * 0.2);
    int length = missing - spread + (spread == 0 ? 0 : random.nextInt(2 * spread));
    return letters(length);
  }

  /** Six letters a draw, the digits of it; a negative draw brings characters before 'a'. */
  private String letters(int length) {
    for (int i = 0; i < length; i += 6) {
      int drawn = random.nextInt();
      INTS.set(letters, i, THREE_LETTERS[drawn % THREES + THREES - 1]);
      INTS.set(letters, i + 3, THREE_LETTERS[drawn / THREES % THREES + THREES - 1]);
    }
    return string(0, length);
  }

  /** The letters of each number below THREES and above its negative, the first lowest. */
  private static int[] threeLetters() {
    int[] packed = new int[2 * THREES - 1];
    for (int number = 1 - THREES; number < THREES; number++) {
      int first = 'a' + number % 26;
      int second = 'a' + number / 26 % 26;
      int third = 'a' + number / (26 * 26);
      packed[number + THREES - 1] = first | second << 8 | third << 16;
    }
    return packed;
  }

  private String string(int start, int length) {
    return new String(letters, start, length, StandardCharsets.ISO_8859_1);
  }
}
