"""What the gateway prints on paper: pages as PDF. Knows no visits, no people, no network."""
