package sluice.bench;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * A source with one split a subtask, whose position is in every checkpoint. A poll hands over
 * several records, as far as a checkpoint can wait: the loop around it costs more than a record.
 */
final class FeedSource<T> implements Source<T, FeedSource.Split, Integer> {
  private static final long serialVersionUID = 1;
  private static final int RECORDS_A_POLL = 64;

  private final Feed.Factory<T> factory;
  private final boolean timed;
  private final boolean counted;

  /**
   * @param timed whether records carry their timestamps
   * @param counted whether records are counted here, and not behind the exchange
   */
  FeedSource(Feed.Factory<T> factory, boolean timed, boolean counted) {
    this.factory = factory;
    this.timed = timed;
    this.counted = counted;
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.CONTINUOUS_UNBOUNDED;
  }

  @Override
  public SourceReader<T, Split> createReader(SourceReaderContext context) {
    return timed ? new TimedReader(context) : new Reader(context);
  }

  @Override
  public SplitEnumerator<Split, Integer> createEnumerator(SplitEnumeratorContext<Split> context) {
    return new Enumerator(context, 0);
  }

  @Override
  public SplitEnumerator<Split, Integer> restoreEnumerator(
      SplitEnumeratorContext<Split> context, Integer assigned) {
    return new Enumerator(context, assigned);
  }

  @Override
  public SimpleVersionedSerializer<Split> getSplitSerializer() {
    return new SplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<Integer> getEnumeratorCheckpointSerializer() {
    return new AssignedSerializer();
  }

  record Split(int subtask, long position) implements SourceSplit {
    @Override
    public String splitId() {
      return Integer.toString(subtask);
    }
  }

  private class Reader implements SourceReader<T, Split> {
    private final SourceReaderContext context;
    private final CompletableFuture<Void> assigned = new CompletableFuture<>();
    private CompletableFuture<Void> available = assigned;
    private final Counters.Counter records = Counters.RECORDS.counter();
    Feed<T> feed;
    private Split split;
    private long position;

    Reader(SourceReaderContext context) {
      this.context = context;
    }

    @Override
    public void start() {}

    @Override
    public void addSplits(List<Split> splits) {
      if (split != null || splits.size() != 1) throw new IllegalStateException("one split each");
      split = splits.get(0);
      position = split.position();
      feed = factory.open(split.subtask(), context.currentParallelism(), position);
      assigned.complete(null);
    }

    @Override
    public InputStatus pollNext(ReaderOutput<T> output) {
      if (feed == null) return InputStatus.NOTHING_AVAILABLE;
      int count = Math.min(RECORDS_A_POLL, feed.due());
      if (count <= 0 && feed.restMs() > 0) return rest();
      hand(output, count);
      position += count;
      if (counted) records.addAtOnce(count);
      return InputStatus.MORE_AVAILABLE;
    }

    private InputStatus rest() {
      available =
          new CompletableFuture<Void>()
              .completeOnTimeout(null, feed.restMs(), TimeUnit.MILLISECONDS);
      return InputStatus.NOTHING_AVAILABLE;
    }

    void hand(ReaderOutput<T> output, int count) {
      for (int i = 0; i < count; i++) output.collect(feed.next());
    }

    @Override
    public List<Split> snapshotState(long checkpointId) {
      return split == null ? List.of() : List.of(new Split(split.subtask(), position));
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
      return available;
    }

    @Override
    public void notifyNoMoreSplits() {}

    @Override
    public void close() {}
  }

  private final class TimedReader extends Reader {
    TimedReader(SourceReaderContext context) {
      super(context);
    }

    @Override
    void hand(ReaderOutput<T> output, int count) {
      for (int i = 0; i < count; i++) output.collect(feed.next(), feed.timestamp());
    }
  }

  /** Gives every subtask the split of its number when it comes for the first time. */
  private static final class Enumerator implements SplitEnumerator<Split, Integer> {
    private final SplitEnumeratorContext<Split> context;
    private int assigned;

    Enumerator(SplitEnumeratorContext<Split> context, int assigned) {
      this.context = context;
      this.assigned = assigned;
    }

    @Override
    public void start() {}

    @Override
    public void addReader(int subtask) {
      if (assigned == context.currentParallelism()) return;
      context.assignSplit(new Split(subtask, 0), subtask);
      assigned++;
    }

    @Override
    public void handleSplitRequest(int subtask, String host) {}

    @Override
    public void addSplitsBack(List<Split> splits, int subtask) {
      throw new UnsupportedOperationException("a benchmark that failed is not started again");
    }

    @Override
    public Integer snapshotState(long checkpointId) {
      return assigned;
    }

    @Override
    public void close() {}
  }

  private static final class SplitSerializer implements SimpleVersionedSerializer<Split> {
    @Override
    public int getVersion() {
      return 1;
    }

    @Override
    public byte[] serialize(Split split) {
      return ByteBuffer.allocate(12).putInt(split.subtask()).putLong(split.position()).array();
    }

    @Override
    public Split deserialize(int version, byte[] bytes) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      return new Split(buffer.getInt(), buffer.getLong());
    }
  }

  private static final class AssignedSerializer implements SimpleVersionedSerializer<Integer> {
    @Override
    public int getVersion() {
      return 1;
    }

    @Override
    public byte[] serialize(Integer assigned) {
      return ByteBuffer.allocate(4).putInt(assigned).array();
    }

    @Override
    public Integer deserialize(int version, byte[] bytes) {
      return ByteBuffer.wrap(bytes).getInt();
    }
  }
}
