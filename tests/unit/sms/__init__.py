"""The SMS room's pure parts."""
