package sluice.bench;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts of the subtasks, each written by one thread and read by the main thread. They are
 * published every {@link #STRIDE} records, to cache lines of their own, so that counting costs the
 * job next to nothing.
 */
final class Counters {
  static final Counters RECORDS = new Counters();
  static final Counters RESULTS = new Counters();
  static final Counters KEYS = new Counters();

  private static final int STRIDE = 64;
  /** Two cache lines before the count and two behind it. */
  private static final int PADDING = 16;

  private final List<Counter> all = new CopyOnWriteArrayList<>();

  private Counters() {}

  /** A counter for the calling subtask. */
  Counter counter() {
    Counter counter = new Counter();
    all.add(counter);
    return counter;
  }

  long sum() {
    return all.stream().mapToLong(Counter::published).sum();
  }

  static final class Counter {
    private final AtomicLongArray published = new AtomicLongArray(2 * PADDING + 1);
    private long count;

    void add() {
      if ((++count & (STRIDE - 1)) == 0) published.lazySet(PADDING, count);
    }

    void addAtOnce(int more) {
      count += more;
      published.lazySet(PADDING, count);
    }

    private long published() {
      return published.get(PADDING);
    }
  }
}
