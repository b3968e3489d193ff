package sluice.bench;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the command line asks for; a word that is not known is an error, and so is a bad number. */
record Options(
    String job,
    int parallelism,
    int keys,
    boolean checkpoints,
    double warmupSeconds,
    double windowSeconds,
    int windows,
    String directory,
    NexmarkConfig nexmark,
    int ring,
    int pace,
    int restMs,
    Pressure.Mode mode) {

  private static final List<String> NAMES =
      List.of(
          "job", "parallelism", "keys", "checkpoints", "warmup", "seconds", "windows", "directory",
          "rate", "events", "ring", "pace", "rest", "unaligned", "timeout", "debloat", "sinks");

  static Options parse(String[] words) {
    Map<String, String> given = new HashMap<>();
    for (int i = 0; i < words.length; i += 2) {
      String name = words[i].startsWith("--") ? words[i].substring(2) : "";
      if (!NAMES.contains(name)) throw new IllegalArgumentException("no option " + words[i]);
      if (i + 1 == words.length) throw new IllegalArgumentException(words[i] + " lacks a value");
      given.put(name, words[i + 1]);
    }
    boolean checkpoints = checkpointsOf(given.getOrDefault("checkpoints", "none"));
    if (checkpoints && !given.containsKey("directory")) {
      throw new IllegalArgumentException("checkpoints need a --directory");
    }
    int parallelism = Integer.parseInt(given.getOrDefault("parallelism", "1"));
    int rate = Integer.parseInt(given.getOrDefault("rate", "100000"));
    long events = Long.parseLong(given.getOrDefault("events", "1000000000000"));
    return new Options(
        given.getOrDefault("job", "keyed-count"),
        parallelism,
        Integer.parseInt(given.getOrDefault("keys", "10000")),
        checkpoints,
        Double.parseDouble(given.getOrDefault("warmup", "10")),
        Double.parseDouble(given.getOrDefault("seconds", "5")),
        Integer.parseInt(given.getOrDefault("windows", "3")),
        given.get("directory"),
        new NexmarkConfig(rate, events, parallelism),
        Integer.parseInt(given.getOrDefault("ring", "50000")),
        Integer.parseInt(given.getOrDefault("pace", "500000")),
        Integer.parseInt(given.getOrDefault("rest", "0")),
        modeOf(given));
  }

  private static Pressure.Mode modeOf(Map<String, String> given) {
    return new Pressure.Mode(
        Boolean.parseBoolean(given.getOrDefault("unaligned", "false")),
        Integer.parseInt(given.getOrDefault("timeout", "0")),
        Integer.parseInt(given.getOrDefault("debloat", "0")),
        Pressure.Sinks.valueOf(given.getOrDefault("sinks", "sleep").toUpperCase(Locale.ROOT)));
  }

  private static boolean checkpointsOf(String word) {
    return switch (word) {
      case "none" -> false;
      case "1s" -> true;
      default -> throw new IllegalArgumentException("--checkpoints is 1s or none, not " + word);
    };
  }
}
