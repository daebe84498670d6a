"""Predicted categories: scores, decoding, confidence, answers with their evidence, and how they are fitted."""
