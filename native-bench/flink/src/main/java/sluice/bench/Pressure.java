package sluice.bench;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.TaskManagerOptions;

/** A job whose sinks take 200 us a record, and how its checkpoints are taken. */
final class Pressure {
  private static final int RECORD_BYTES = 1000;
  private static final long SINK_NANOS = 200_000;

  private Pressure() {}

  public static class Payload {
    public long id;
    public byte[] bytes;
  }

  enum Sinks {
    SLEEP,
    SPIN,
    /** They cost nothing: what the checkpoints take of the throughput. */
    NONE
  }

  /**
   * @param debloatMs the target of buffer debloating, 0 for none
   * @param timeoutMs of the alignment, where checkpoints are unaligned; 0: at once
   */
  record Mode(boolean unaligned, int timeoutMs, int debloatMs, Sinks sinks) {
    void apply(Configuration configuration) {
      configuration.set(CheckpointingOptions.ENABLE_UNALIGNED, unaligned);
      configuration.set(
          CheckpointingOptions.ALIGNED_CHECKPOINT_TIMEOUT, Duration.ofMillis(timeoutMs));
      configuration.set(TaskManagerOptions.BUFFER_DEBLOAT_ENABLED, debloatMs > 0);
      if (debloatMs == 0) return;
      configuration.set(TaskManagerOptions.BUFFER_DEBLOAT_TARGET, Duration.ofMillis(debloatMs));
    }
  }

  static Feed.Factory<Payload> feed() {
    return (subtask, parallelism, position) -> new Payloads(position);
  }

  /** One record, filled again and again: the serialiser copies it. */
  private static final class Payloads implements Feed<Payload> {
    private final Payload payload = new Payload();

    Payloads(long position) {
      payload.id = position;
      payload.bytes = new byte[RECORD_BYTES];
    }

    @Override
    public Payload next() {
      payload.id++;
      return payload;
    }
  }

  static Sink<Payload> sink(Sinks sinks) {
    return new SlowSink(sinks);
  }

  private record SlowSink(Sinks sinks) implements Sink<Payload> {
    @Override
    public SinkWriter<Payload> createWriter(WriterInitContext context) {
      return new Writer(sinks, Counters.RECORDS.counter(), Counters.RESULTS.counter());
    }
  }

  private record Writer(Sinks sinks, Counters.Counter records, Counters.Counter results)
      implements SinkWriter<Payload> {
    @Override
    public void write(Payload element, Context context) {
      switch (sinks) {
        case SLEEP -> LockSupport.parkNanos(SINK_NANOS);
        case SPIN -> spin();
        case NONE -> {}
      }
      records.addAtOnce(1);
      results.addAtOnce(1);
    }

    private static void spin() {
      long endNs = System.nanoTime() + SINK_NANOS;
      while (System.nanoTime() < endNs) Thread.onSpinWait();
    }

    @Override
    public void flush(boolean endOfInput) {}

    @Override
    public void close() {}
  }
}
