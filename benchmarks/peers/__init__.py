"""The rules of the benchmarks in the words of other engines; loaded only where they are timed."""
