"""The frame of the benchmarks: what every row needs, and no row's figures."""
