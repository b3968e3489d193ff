package sluice.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.runtime.checkpoint.AbstractCheckpointStats;
import org.apache.flink.runtime.checkpoint.SubtaskStateStats;
import org.apache.flink.runtime.util.EnvironmentInformation;

/** Runs a job, warms it up, and prints a line of JSON for each window of time after that. */
public final class Main {
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final int POLL_MS = 5;
  private static final double START_SECONDS_MAX = 60;

  private Main() {}

  public static void main(String[] words) throws Exception {
    Options options = Options.parse(words);
    switch (options.job()) {
      case "events" -> printEvents(options.nexmark());
      case "generator" -> measureGenerator(options);
      case "latency" -> measureLatency(options);
      default -> measureJob(options);
    }
    // What the cluster leaves behind does not keep the process.
    System.exit(0);
  }

  private static void measureJob(Options options) throws Exception {
    try (Cluster cluster = new Cluster(options)) {
      cluster.start(options);
      awaitRecords(options, cluster);
      sleep(options.warmupSeconds());
      // Those that came before all tasks ran could not succeed.
      long failedBefore = cluster.failedCheckpoints();
      for (int i = 1; i <= options.windows(); i++) {
        Reading start = Reading.now();
        sleep(options.windowSeconds());
        Reading end = Reading.now();
        cluster.insistOnRunning();
        print(i, start, end, checkpointsOf(cluster, start));
      }
      long failed = cluster.failedCheckpoints() - failedBefore;
      if (failed > 0) throw new IllegalStateException(failed + " checkpoints failed");
      check(options);
    }
  }

  /** One window, that of the records; the line before it tells only when it began. */
  private static void measureLatency(Options options) throws Exception {
    try (Cluster cluster = new Cluster(options)) {
      cluster.start(options);
      awaitRecords(options, cluster);
      sleep(options.warmupSeconds());
      Reading start = Reading.now();
      print(0, start, start, "");
      Latency.measure(options.windowSeconds());
      sleep(options.windowSeconds());
      cluster.insistOnRunning();
      String latency = Latency.await();
      print(1, start, Reading.now(), checkpointsOf(cluster, start), latency);
      check(options);
    }
  }

  /** Until records flow and, where keys are counted, each of them has state. */
  private static void awaitRecords(Options options, Cluster cluster) throws Exception {
    long startNs = System.nanoTime();
    int keys = Jobs.countsKeys(options.job()) ? options.keys() : 0;
    while (Counters.RECORDS.sum() == 0 || Counters.KEYS.sum() < keys) {
      cluster.insistOnRunning();
      if ((System.nanoTime() - startNs) / 1e9 > START_SECONDS_MAX) {
        long found = Counters.KEYS.sum();
        throw new IllegalStateException(found + " keys after " + START_SECONDS_MAX + " s");
      }
      Thread.sleep(POLL_MS);
    }
  }

  /** One thread that makes events and does nothing with them. */
  private static void measureGenerator(Options options) throws Exception {
    Thread thread = new Thread(() -> generate(options.nexmark()));
    thread.setDaemon(true);
    thread.start();
    sleep(options.warmupSeconds());
    for (int i = 1; i <= options.windows(); i++) {
      Reading start = Reading.now();
      sleep(options.windowSeconds());
      print(i, start, Reading.now(), "");
    }
  }

  private static void generate(NexmarkConfig config) {
    NexmarkGenerator generator = new NexmarkGenerator(config, 0, 0);
    Counters.Counter records = Counters.RECORDS.counter();
    Counters.Counter results = Counters.RESULTS.counter();
    for (long i = 0; i < config.events(); i++) {
      if (generator.next().bid != null) results.add();
      records.add();
    }
  }

  /** The canonical lines of the first events, by which generators are compared. */
  private static void printEvents(NexmarkConfig config) {
    NexmarkGenerator generator = new NexmarkGenerator(config, 0, 0);
    var bytes = new BufferedOutputStream(System.out, 1 << 16);
    try (PrintStream out = new PrintStream(bytes, false, StandardCharsets.US_ASCII)) {
      for (long i = 0; i < config.events(); i++) out.print(generator.next().line() + '\n');
    }
  }

  /** That the job did what it is measured for: no key twice, as many results as there must be. */
  private static void check(Options options) {
    long records = Counters.RECORDS.sum();
    long keys = Counters.KEYS.sum();
    if (Jobs.countsKeys(options.job()) && keys != options.keys()) {
      throw new IllegalStateException(keys + " keys in state, not " + options.keys());
    }
    var share = Jobs.resultsPerRecord(options.job());
    double found = (double) Counters.RESULTS.sum() / records;
    if (share.isPresent() && Math.abs(found - share.get()) > 0.01 * share.get()) {
      throw new IllegalStateException(found + " results a record, not " + share.get());
    }
  }

  private static String checkpointsOf(Cluster cluster, Reading start) throws Exception {
    return cluster.checkpointsSince(start.epochMs()).stream()
        .map(Main::checkpoint)
        .collect(Collectors.joining(","));
  }

  private static String checkpoint(AbstractCheckpointStats one) {
    return String.format(
        Locale.ROOT,
        "{\"id\":%d,\"ms\":%d,\"bytes\":%d,\"startDelayMs\":%d,\"persistedBytes\":%d}",
        one.getCheckpointId(),
        one.getEndToEndDuration(),
        one.getStateSize(),
        startDelayMs(one),
        one.getPersistedData());
  }

  /** The longest of all subtasks. */
  private static long startDelayMs(AbstractCheckpointStats one) {
    return one.getAllTaskStateStats().stream()
        .flatMap(task -> Stream.of(task.getSubtaskStats()))
        .filter(Objects::nonNull)
        .mapToLong(SubtaskStateStats::getCheckpointStartDelay)
        .max()
        .orElse(0);
  }

  private static void print(int window, Reading start, Reading end, String checkpoints) {
    print(window, start, end, checkpoints, "{}");
  }

  private static void print(
      int window, Reading start, Reading end, String checkpoints, String latency) {
    System.out.printf(
        Locale.ROOT,
        "{\"window\":%d,\"records\":%d,\"results\":%d,\"seconds\":%.6f,\"cpuSeconds\":%.6f,"
            + "\"gcSeconds\":%.3f,\"checkpoints\":[%s],\"latency\":%s,"
            + "\"flink\":\"%s\",\"java\":\"%s\",\"collector\":\"%s\"}%n",
        window,
        end.records() - start.records(),
        end.results() - start.results(),
        (end.nanos() - start.nanos()) / 1e9,
        (end.cpuNanos() - start.cpuNanos()) / 1e9,
        (end.gcMs() - start.gcMs()) / 1e3,
        checkpoints,
        latency,
        EnvironmentInformation.getVersion(),
        System.getProperty("java.version"),
        ManagementFactory.getGarbageCollectorMXBeans().stream()
            .map(GarbageCollectorMXBean::getName)
            .collect(Collectors.joining("+")));
  }

  private static void sleep(double seconds) throws InterruptedException {
    Thread.sleep(Math.round(seconds * 1e3));
  }

  /** The counts at one moment. */
  private record Reading(
      long records, long results, long nanos, long epochMs, long cpuNanos, long gcMs) {
    static Reading now() {
      return new Reading(
          Counters.RECORDS.sum(),
          Counters.RESULTS.sum(),
          System.nanoTime(),
          System.currentTimeMillis(),
          PROCESS.getProcessCpuTime(),
          ManagementFactory.getGarbageCollectorMXBeans().stream()
              .mapToLong(GarbageCollectorMXBean::getCollectionTime)
              .sum());
    }
  }
}
