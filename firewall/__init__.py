"""The kernel edge: rules, sets, connection tracking and evidence of presence. Knows devices, never visits."""
