"""What the Space and `evaluate` share: catalogue, vector index, query encoder, predictor."""
