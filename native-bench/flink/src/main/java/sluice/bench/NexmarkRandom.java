package sluice.bench;

/** Draws what a java.util.Random with the same seed would, without its atomic seed. */
final class NexmarkRandom {
  private static final long MULTIPLIER = 0x5DEECE66DL;
  private static final long INCREMENT = 0xBL;
  private static final long MASK = (1L << 48) - 1;

  private long seed;

  void setSeed(long given) {
    seed = (given ^ MULTIPLIER) & MASK;
  }

  private int next(int bits) {
    seed = (seed * MULTIPLIER + INCREMENT) & MASK;
    return (int) (seed >>> (48 - bits));
  }

  int nextInt() {
    return next(32);
  }

  int nextInt(int bound) {
    int drawn = next(31);
    if ((bound & -bound) == bound) return (int) ((bound * (long) drawn) >> 31);
    int rest = drawn % bound;
    // Numbers above the last multiple of the bound would favour small results.
    while (drawn - rest + (bound - 1) < 0) {
      drawn = next(31);
      rest = drawn % bound;
    }
    return rest;
  }

  /** As Nexmark draws ids: the bound is nearly always an int. */
  long nextLong(long bound) {
    if (bound < Integer.MAX_VALUE) return nextInt((int) bound);
    long high = (long) next(32) << 32;
    return Math.abs((high + next(32)) % bound);
  }

  double nextDouble() {
    long high = (long) next(26) << 27;
    return (high + next(27)) * 0x1.0p-53;
  }
}
