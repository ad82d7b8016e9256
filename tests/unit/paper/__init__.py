"""The chain, the vocabulary and the CSV, without a file."""
