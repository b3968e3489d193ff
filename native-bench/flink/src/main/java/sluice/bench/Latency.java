package sluice.bench;

import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * How long after it was due each record's result came, in microseconds: of the records that were
 * due within one span of time, whose end is told by the first one due behind it.
 */
final class Latency {
  private static final long MAX_US = 600_000_000;
  private static final long PATIENCE_SECONDS = 60;

  /** Written before `fromNs`, which is volatile: who sees that one sees this one, too. */
  private static long toNs = Long.MAX_VALUE;

  private static volatile long fromNs = Long.MAX_VALUE;
  private static final CountDownLatch ENDED = new CountDownLatch(1);
  private static final Histogram HISTOGRAM = new Histogram(MAX_US, 3);

  private Latency() {}

  static void measure(double seconds) {
    long now = System.nanoTime();
    toNs = now + Math.round(seconds * 1e9);
    fromNs = now;
  }

  /** By the one subtask that has the results. */
  static void record(long dueNs) {
    if (dueNs < fromNs) return;
    if (dueNs < toNs) HISTOGRAM.recordValue((System.nanoTime() - dueNs + 500) / 1000);
    else ENDED.countDown();
  }

  /** The figures as JSON, in milliseconds, once the last record of the span is through. */
  static String await() throws InterruptedException {
    if (!ENDED.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the results come more than a minute late");
    }
    return String.format(
        Locale.ROOT,
        "{\"recorded\":%d,\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"p9999\":%.3f,\"max\":%.3f}",
        HISTOGRAM.getTotalCount(),
        HISTOGRAM.getValueAtPercentile(50) / 1e3,
        HISTOGRAM.getValueAtPercentile(99) / 1e3,
        HISTOGRAM.getValueAtPercentile(99.9) / 1e3,
        HISTOGRAM.getValueAtPercentile(99.99) / 1e3,
        HISTOGRAM.getMaxValue() / 1e3);
  }
}
