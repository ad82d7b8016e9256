"""The web applications in front of the gate; they know no kernel, no SMPP and no SQL."""
