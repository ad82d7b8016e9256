"""What several rungs of tests share: data and simulators of the world outside."""
