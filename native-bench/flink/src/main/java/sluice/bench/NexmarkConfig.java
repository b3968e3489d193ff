package sluice.bench;

import java.io.Serializable;

/**
 * Which events are generated, and when they happened. Several generators have timelines side by
 * side that all start at the same time, and ranges of ids that do not meet.
 */
record NexmarkConfig(int rate, long events, int generators) implements Serializable {
  static final long BASE_TIME = 1_436_918_400_000L;

  NexmarkConfig {
    if (rate < 1 || events < 1 || generators < 1) {
      throw new IllegalArgumentException("rate, events and generators are at least 1");
    }
  }

  long firstId(int generator) {
    return generator * (events / generators);
  }

  /** Between two events of one generator. */
  long delayMicros() {
    return (1_000_000L + rate / 2) / rate * generators;
  }

  long timestamp(long event) {
    return BASE_TIME + event * delayMicros() / 1000;
  }
}
