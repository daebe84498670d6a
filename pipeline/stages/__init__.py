"""One file a stage; no stage imports another."""
