package sluice.bench;

import java.io.Serializable;

/** The records of one source subtask, without end. */
interface Feed<T> {
  /** The next record; it may be the object of the call before, changed. */
  T next();

  /** Epoch milliseconds of the record that came last; for feeds with event time only. */
  default long timestamp() {
    throw new UnsupportedOperationException("these records have no time");
  }

  /** How many records may be had now; a source that paces itself is asked again for the rest. */
  default int due() {
    return Integer.MAX_VALUE;
  }

  /** How long to wait when nothing is due; 0 to be asked again at once. */
  default int restMs() {
    return 0;
  }

  /** How the feed of a subtask is made, at the position of a checkpoint or at 0. */
  interface Factory<T> extends Serializable {
    Feed<T> open(int subtask, int parallelism, long position);
  }
}
