"""Everything that can break, broken on purpose while visitors live their days; an auditor says what it did to them."""
