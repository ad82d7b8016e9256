"""The rung against the real kernel: namespaces, sets, rules, packets."""
