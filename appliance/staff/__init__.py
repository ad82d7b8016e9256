"""Who works here: accounts, second factors, sessions, tokens. Knows no HTTP, no visitor, no kernel."""
