"""Scripts that print ratios: two ways of the same work, timed turn by turn in one run."""
