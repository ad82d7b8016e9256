"""The units, as systemd itself judges them."""
