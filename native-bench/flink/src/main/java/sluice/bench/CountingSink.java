package sluice.bench;

import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** Discards what it is given, counted as records of the job or as its results. */
final class CountingSink<T> implements Sink<T> {
  private static final long serialVersionUID = 1;

  private final boolean countsRecords;

  private CountingSink(boolean countsRecords) {
    this.countsRecords = countsRecords;
  }

  /** For jobs with one result a record. */
  static <T> CountingSink<T> ofRecords() {
    return new CountingSink<>(true);
  }

  /** For jobs whose source counts the records. */
  static <T> CountingSink<T> ofResults() {
    return new CountingSink<>(false);
  }

  @Override
  public SinkWriter<T> createWriter(WriterInitContext context) {
    Counters.Counter results = Counters.RESULTS.counter();
    if (!countsRecords) return new Writer<>(results, null);
    return new Writer<>(results, Counters.RECORDS.counter());
  }

  private record Writer<T>(Counters.Counter results, Counters.Counter records)
      implements SinkWriter<T> {
    @Override
    public void write(T element, Context context) {
      results.add();
      if (records != null) records.add();
    }

    @Override
    public void flush(boolean endOfInput) {}

    @Override
    public void close() {}
  }
}
