"""What comes from outside: training sets, benchmarks in official layouts, the user's own photos with their lists."""
