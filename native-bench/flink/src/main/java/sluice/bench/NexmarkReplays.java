package sluice.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * Events made beforehand and replayed in a ring, so that the generator is not what is measured. At
 * each round ids and times move on by what the ring holds, so that both advance as they would.
 */
final class NexmarkReplays {
  private NexmarkReplays() {}

  /** Objects in memory: the job alone is measured. */
  static Feed.Factory<Nexmark.Event> objects(NexmarkConfig config, int ringSize) {
    return (subtask, parallelism, position) ->
        new Objects(new Ring(config, subtask, ringSize), position);
  }

  /** What Flink's own serialiser makes of them, decoded as a source would decode its input. */
  static Feed.Factory<Nexmark.Event> bytes(NexmarkConfig config, int ringSize) {
    return (subtask, parallelism, position) ->
        new Bytes(new Ring(config, subtask, ringSize), position);
  }

  /** The first events of a generator, and by how much they move on a round. */
  private static final class Ring {
    final Nexmark.Event[] events;
    final long persons;
    final long auctions;
    final long millis;

    Ring(NexmarkConfig config, int generator, int size) {
      if (size < 1 || size % NexmarkGenerator.CYCLE != 0) {
        throw new IllegalArgumentException("a ring has whole cycles of events, not " + size);
      }
      NexmarkGenerator source = new NexmarkGenerator(config, generator, 0);
      events = new Nexmark.Event[size];
      for (int i = 0; i < size; i++) events[i] = source.next();
      persons = NexmarkGenerator.personsIn(size);
      auctions = NexmarkGenerator.auctionsIn(size);
      millis = size * config.delayMicros() / 1000;
    }

    void move(Nexmark.Event event, long rounds) {
      event.moveOn(rounds * persons, rounds * auctions, rounds * millis);
    }
  }

  private static final class Objects implements Feed<Nexmark.Event> {
    private final Nexmark.Event[] events;
    private final long persons;
    private final long auctions;
    private final long millis;
    private int index;
    private long timestamp;

    Objects(Ring ring, long position) {
      events = ring.events;
      persons = ring.persons;
      auctions = ring.auctions;
      millis = ring.millis;
      index = (int) (position % events.length);
      long round = position / events.length;
      // Each is a round behind: it moves on just before it is replayed.
      for (int i = 0; i < events.length; i++) ring.move(events[i], i < index ? round : round - 1);
    }

    @Override
    public Nexmark.Event next() {
      Nexmark.Event event = events[index];
      if (++index == events.length) index = 0;
      event.moveOn(persons, auctions, millis);
      timestamp = event.dateTime();
      return event;
    }

    @Override
    public long timestamp() {
      return timestamp;
    }
  }

  private static final class Bytes implements Feed<Nexmark.Event> {
    private final Ring ring;
    private final TypeSerializer<Nexmark.Event> serializer;
    private final DataInputDeserializer input = new DataInputDeserializer();
    private final byte[] encoded;
    private final int[] starts;
    private int index;
    private long round;
    private long timestamp;

    Bytes(Ring ring, long position) {
      this.ring = ring;
      serializer =
          TypeInformation.of(Nexmark.Event.class).createSerializer(new SerializerConfigImpl());
      int size = ring.events.length;
      starts = new int[size];
      encoded = encode(ring.events);
      index = (int) (position % size);
      round = position / size;
      input.setBuffer(encoded, starts[index], encoded.length - starts[index]);
    }

    private byte[] encode(Nexmark.Event[] events) {
      DataOutputSerializer output = new DataOutputSerializer(1 << 20);
      try {
        for (int i = 0; i < events.length; i++) {
          starts[i] = output.length();
          serializer.serialize(events[i], output);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return output.getCopyOfBuffer();
    }

    @Override
    public Nexmark.Event next() {
      try {
        Nexmark.Event event = serializer.deserialize(input);
        ring.move(event, round);
        timestamp = event.dateTime();
        if (++index == starts.length) startAgain();
        return event;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void startAgain() {
      index = 0;
      round++;
      input.setBuffer(encoded);
    }

    @Override
    public long timestamp() {
      return timestamp;
    }
  }
}
