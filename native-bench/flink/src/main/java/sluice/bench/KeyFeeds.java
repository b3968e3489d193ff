package sluice.bench;

import java.util.Locale;

/**
 * Walks over the keys in the fixed order of ours, which visits all of them and favours no cache.
 * The strings are made beforehand, and each subtask fills the same record again and again: it has
 * been serialised, or used up, when the next one is asked for.
 */
final class KeyFeeds {
  private static final int STEP = 7919;

  private KeyFeeds() {}

  static Feed.Factory<Records.Named> strings(int keys) {
    return (subtask, parallelism, position) -> {
      String[] names = new String[keys];
      for (int key = 0; key < keys; key++) names[key] = String.format(Locale.ROOT, "key-%06d", key);
      return new Strings(names, new Walk(keys, subtask, parallelism, position));
    };
  }

  /** Of one subtask: a record each 1 / pace seconds; its value is when it was due, whatever came. */
  static Feed.Factory<Records.Named> paced(int keys, int pace, int restMs) {
    return (subtask, parallelism, position) ->
        new Paced(strings(keys).open(subtask, parallelism, position), pace, restMs);
  }

  static Feed.Factory<Records.Numbered> integers(int keys) {
    return (subtask, parallelism, position) ->
        new Integers(new Walk(keys, subtask, parallelism, position));
  }

  /** Every subtask walks over all keys, from a place of its own. */
  private static final class Walk {
    private final int keys;
    private final int step;
    private int key;
    private long index;

    Walk(int keys, int subtask, int parallelism, long position) {
      if (keys % STEP == 0) throw new IllegalArgumentException(keys + " keys are not all visited");
      this.keys = keys;
      step = STEP % keys;
      long start = (long) keys * subtask / parallelism;
      key = (int) ((start + (position % keys) * step) % keys);
      index = position;
    }

    int next() {
      int current = key;
      key += step;
      if (key >= keys) key -= keys;
      index++;
      return current;
    }

    long value() {
      return index & 0xffff;
    }
  }

  private static final class Strings implements Feed<Records.Named> {
    private final Records.Named record = new Records.Named();
    private final String[] names;
    private final Walk walk;

    Strings(String[] names, Walk walk) {
      this.names = names;
      this.walk = walk;
    }

    @Override
    public Records.Named next() {
      record.value = walk.value();
      record.key = names[walk.next()];
      return record;
    }
  }

  private static final class Paced implements Feed<Records.Named> {
    private final Feed<Records.Named> records;
    private final double nsPerRecord;
    private final int restMs;
    private final long startNs = System.nanoTime();
    private long index;

    Paced(Feed<Records.Named> records, int pace, int restMs) {
      this.restMs = restMs;
      this.records = records;
      nsPerRecord = 1e9 / pace;
    }

    @Override
    public int due() {
      long due = (long) ((System.nanoTime() - startNs) / nsPerRecord) + 1;
      return (int) Math.min(Integer.MAX_VALUE, due - index);
    }

    @Override
    public int restMs() {
      return restMs;
    }

    @Override
    public Records.Named next() {
      Records.Named record = records.next();
      record.value = startNs + Math.round(index++ * nsPerRecord);
      return record;
    }
  }

  private static final class Integers implements Feed<Records.Numbered> {
    private final Records.Numbered record = new Records.Numbered();
    private final Walk walk;

    Integers(Walk walk) {
      this.walk = walk;
    }

    @Override
    public Records.Numbered next() {
      record.value = walk.value();
      record.key = walk.next();
      return record;
    }
  }
}
