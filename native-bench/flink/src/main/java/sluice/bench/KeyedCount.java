package sluice.bench;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** A running count a key, emitted with every record, in one object that is used again. */
abstract class KeyedCount<K, I, O> extends KeyedProcessFunction<K, I, O> {
  private static final long serialVersionUID = 1;

  private transient ValueState<Long> state;
  private transient Counters.Counter keys;

  @Override
  public void open(OpenContext context) {
    state = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.LONG));
    keys = Counters.KEYS.counter();
  }

  /** One more for the current key. */
  final long count() throws Exception {
    Long before = state.value();
    if (before == null) keys.addAtOnce(1);
    long count = before == null ? 1 : before + 1;
    state.update(count);
    return count;
  }

  static final class OfStrings extends KeyedCount<String, Records.Named, Records.NamedCount> {
    private static final long serialVersionUID = 1;
    private transient Records.NamedCount result;

    @Override
    public void open(OpenContext context) {
      super.open(context);
      result = new Records.NamedCount();
    }

    @Override
    public void processElement(
        Records.Named record, Context context, Collector<Records.NamedCount> out)
        throws Exception {
      result.key = record.key;
      result.count = count();
      out.collect(result);
    }
  }

  /** Of records whose value is when they were due. */
  static final class OfPaced extends KeyedCount<String, Records.Named, Records.DueCount> {
    private static final long serialVersionUID = 1;
    private transient Records.DueCount result;

    @Override
    public void open(OpenContext context) {
      super.open(context);
      result = new Records.DueCount();
    }

    @Override
    public void processElement(
        Records.Named record, Context context, Collector<Records.DueCount> out) throws Exception {
      result.key = record.key;
      result.count = count();
      result.dueNs = record.value;
      out.collect(result);
    }
  }

  static final class OfIntegers
      extends KeyedCount<Integer, Records.Numbered, Records.NumberedCount> {
    private static final long serialVersionUID = 1;
    private transient Records.NumberedCount result;

    @Override
    public void open(OpenContext context) {
      super.open(context);
      result = new Records.NumberedCount();
    }

    @Override
    public void processElement(
        Records.Numbered record, Context context, Collector<Records.NumberedCount> out)
        throws Exception {
      result.key = record.key;
      result.count = count();
      out.collect(result);
    }
  }
}
