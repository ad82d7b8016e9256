"""Properties are tried with the same examples in each run, however slowly the machine runs them.

Whoever looks for new counterexamples asks for it: pytest tests/unit --hypothesis-profile minutes
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# By itself hypothesis judges from variables of the environment whether this is CI, which scripts/test need not have.
# Its deadline of 200 ms an example, and its second for drawing ten, are about the machine; and what a draw by chance
# finds belongs to no change that happens to be tried then.
settings.register_profile(
    "same", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("minutes", settings.get_profile("same"), max_examples=30_000, derandomize=False)
settings.load_profile("same")
