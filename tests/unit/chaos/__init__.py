"""The auditor that judges the product under faults, judged itself."""
