"""Properties are tried with the same examples in each run, however slowly the machine runs them.

Whoever looks for new counterexamples asks for it: pytest tests/unit --hypothesis-profile minutes
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# hypothesis judges itself in CI by that machine's environment, which scripts/test cannot know. Its deadline of 200 ms an
# example, and its second for drawing ten, are about the machine; what a draw by chance finds belongs in no other change.
settings.register_profile(
    "same", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("minutes", settings.get_profile("same"), max_examples=30_000, derandomize=False)
settings.load_profile("same")
