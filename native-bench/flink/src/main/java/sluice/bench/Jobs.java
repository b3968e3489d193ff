package sluice.bench;

import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.runtime.PojoSerializer;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The jobs by name. What they compute and over which records is what ours compute. */
final class Jobs {
  @FunctionalInterface
  private interface Job {
    void describe(StreamExecutionEnvironment env, Options options);
  }

  private static final Map<String, Job> JOBS =
      Map.of(
          "keyed-count", Jobs::keyedCount,
          "keyed-count-int", Jobs::keyedCountInt,
          "latency", Jobs::latency,
          "stateless", Jobs::stateless,
          "exchange", Jobs::exchange,
          "pressure", Jobs::pressure);

  private static final long LATENCY_FLUSH_MS = 1;

  private Jobs() {}

  /** Nexmark jobs are called by query and source: q0-objects, q1-bytes, q2-generator. */
  static void describe(StreamExecutionEnvironment env, Options options) {
    Job job = JOBS.get(options.job());
    if (job != null) job.describe(env, options);
    else nexmark(env, options);
  }

  static boolean countsKeys(String job) {
    return job.startsWith("keyed-count") || job.equals("latency");
  }

  /** The bar for the share of records that come out, where that is known. */
  static Optional<Double> resultsPerRecord(String job) {
    if (JOBS.containsKey(job)) return Optional.of(job.equals("stateless") ? 0.5 : 1.0);
    return job.startsWith("q2") ? Optional.empty() : Optional.of(46.0 / 50);
  }

  private static void keyedCount(StreamExecutionEnvironment env, Options options) {
    var records =
        from(env, KeyFeeds.strings(options.keys()), Records.Named.class, Counted.AT_SINK);
    var counts = records.keyBy(record -> record.key).process(new KeyedCount.OfStrings());
    pojos(counts, Records.NamedCount.class).sinkTo(CountingSink.ofRecords());
  }

  private static void keyedCountInt(StreamExecutionEnvironment env, Options options) {
    var records =
        from(env, KeyFeeds.integers(options.keys()), Records.Numbered.class, Counted.AT_SINK);
    var counts = records.keyBy(record -> record.key).process(new KeyedCount.OfIntegers());
    pojos(counts, Records.NumberedCount.class).sinkTo(CountingSink.ofRecords());
  }

  private static void latency(StreamExecutionEnvironment env, Options options) {
    var feed = KeyFeeds.paced(options.keys(), options.pace(), options.restMs());
    var records = from(env, feed, Records.Named.class, Counted.AT_SINK);
    var counts = records.keyBy(record -> record.key).process(new KeyedCount.OfPaced());
    var measured = pojos(counts, Records.DueCount.class).map(Jobs::recorded);
    pojos(measured, Records.DueCount.class).sinkTo(CountingSink.ofRecords());
    env.setBufferTimeout(LATENCY_FLUSH_MS);
  }

  private static Records.DueCount recorded(Records.DueCount result) {
    Latency.record(result.dueNs);
    return result;
  }

  private static void stateless(StreamExecutionEnvironment env, Options options) {
    var records =
        from(env, KeyFeeds.strings(options.keys()), Records.Named.class, Counted.AT_SOURCE);
    var moved = pojos(records.map(Jobs::addOne), Records.Named.class);
    moved.filter(record -> (record.value & 1) == 0).sinkTo(CountingSink.ofResults());
  }

  private static void exchange(StreamExecutionEnvironment env, Options options) {
    var records =
        from(env, KeyFeeds.strings(options.keys()), Records.Named.class, Counted.AT_SINK);
    var moved = records.rebalance().map(Jobs::addOne);
    pojos(moved, Records.Named.class).sinkTo(CountingSink.ofRecords());
  }

  private static void pressure(StreamExecutionEnvironment env, Options options) {
    var records = from(env, Pressure.feed(), Pressure.Payload.class, Counted.AT_SINK);
    var moved = records.rebalance().map(record -> record);
    pojos(moved, Pressure.Payload.class).rebalance().sinkTo(Pressure.sink(options.mode().sinks()));
  }

  /** The record itself is changed, which object reuse allows. */
  private static Records.Named addOne(Records.Named record) {
    record.value++;
    return record;
  }

  private static void nexmark(StreamExecutionEnvironment env, Options options) {
    String[] words = options.job().split("-");
    if (words.length != 2) throw new IllegalArgumentException("no job named " + options.job());
    DataStream<Nexmark.Event> events =
        from(env, feedOf(words[1], options), Nexmark.Event.class, Counted.WITH_TIME);
    var bids = pojos(events.filter(event -> event.bid != null).map(Jobs::bidOf), Nexmark.Bid.class);
    switch (words[0]) {
      case "q0" -> bids.sinkTo(CountingSink.ofResults());
      case "q1" ->
          pojos(bids.map(Jobs::converted), Nexmark.ConvertedBid.class)
              .sinkTo(CountingSink.ofResults());
      case "q2" ->
          pojos(
                  bids.filter(bid -> bid.auction % 123 == 0).map(Jobs::auctionPrice),
                  Nexmark.AuctionPrice.class)
              .sinkTo(CountingSink.ofResults());
      default -> throw new IllegalArgumentException("no query named " + words[0]);
    }
  }

  private static Feed.Factory<Nexmark.Event> feedOf(String name, Options options) {
    NexmarkConfig config = options.nexmark();
    return switch (name) {
      case "objects" -> NexmarkReplays.objects(config, options.ring());
      case "bytes" -> NexmarkReplays.bytes(config, options.ring());
      case "generator" ->
          (subtask, parallelism, position) -> new NexmarkGenerator(config, subtask, position);
      default -> throw new IllegalArgumentException("no source of events named " + name);
    };
  }

  private static Nexmark.Bid bidOf(Nexmark.Event event) {
    return event.bid;
  }

  private static Nexmark.ConvertedBid converted(Nexmark.Bid bid) {
    Nexmark.ConvertedBid result = new Nexmark.ConvertedBid();
    result.auction = bid.auction;
    result.bidder = bid.bidder;
    result.price = bid.price * 0.908;
    result.dateTime = bid.dateTime;
    result.extra = bid.extra;
    return result;
  }

  private static Nexmark.AuctionPrice auctionPrice(Nexmark.Bid bid) {
    Nexmark.AuctionPrice result = new Nexmark.AuctionPrice();
    result.auction = bid.auction;
    result.price = bid.price;
    return result;
  }

  private enum Counted {
    AT_SOURCE,
    AT_SINK,
    /** At the source, and with watermarks. */
    WITH_TIME
  }

  private static <T> DataStream<T> from(
      StreamExecutionEnvironment env, Feed.Factory<T> feed, Class<T> type, Counted counted) {
    boolean timed = counted == Counted.WITH_TIME;
    WatermarkStrategy<T> watermarks =
        timed ? WatermarkStrategy.forMonotonousTimestamps() : WatermarkStrategy.noWatermarks();
    FeedSource<T> source = new FeedSource<>(feed, timed, counted != Counted.AT_SINK);
    return pojos(env.fromSource(source, watermarks, "source", TypeInformation.of(type)), type);
  }

  /** Insists on Flink's POJO serialiser for what the stream carries. */
  private static <T> SingleOutputStreamOperator<T> pojos(
      SingleOutputStreamOperator<T> stream, Class<T> type) {
    var config = stream.getExecutionEnvironment().getConfig().getSerializerConfig();
    var serializer = stream.returns(type).getType().createSerializer(config);
    if (serializer instanceof PojoSerializer) return stream;
    throw new IllegalStateException(type + " has " + serializer);
  }
}
