"""A long look for what the quick tests miss: pytest tests/unit/sms/test_fuzz.py --hypothesis-profile minutes"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("minutes", max_examples=30_000, deadline=None)
