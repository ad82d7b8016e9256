"""The console: the pages of the owner, the desk and the inspector. Knows neither the kernel nor SMPP."""
