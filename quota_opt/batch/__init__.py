"""Many scenarios: grids of runs, each in a process of its own, here or on a cluster, and nothing lost."""
