"""What only root may do for the console: try, apply, undo the configuration; keep secrets. Knows no page."""
