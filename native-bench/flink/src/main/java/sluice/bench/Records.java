package sluice.bench;

/** Records of the jobs that are not Nexmark's: plain fields, as Flink's POJO serialiser asks. */
public final class Records {
  private Records() {}

  public static class Named {
    public String key;
    public long value;
  }

  public static class Numbered {
    public int key;
    public long value;
  }

  public static class NamedCount {
    public String key;
    public long count;
  }

  public static class DueCount {
    public String key;
    public long count;
    public long dueNs;
  }

  public static class NumberedCount {
    public int key;
    public long count;
  }
}
