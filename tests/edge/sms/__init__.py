"""The SMS sender and its client against a real SMSC and hostile ones."""
