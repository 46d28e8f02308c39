"""What comes from outside: training sets, benchmarks in official layouts, and the user's own photos with their lists."""
