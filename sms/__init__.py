"""The way of a text message to a phone over SMPP. Knows messages, never visitors or visits."""
