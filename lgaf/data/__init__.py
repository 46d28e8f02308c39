"""What comes from outside: training sets, benchmarks in official layouts, the user's own photos and their lists."""
