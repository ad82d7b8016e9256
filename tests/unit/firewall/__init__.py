"""The kernel edge's pure parts, and its file reader."""
