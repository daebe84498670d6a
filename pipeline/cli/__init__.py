"""The command line: options of a build, and the commands beside it."""
