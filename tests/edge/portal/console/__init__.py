"""The console's sections with real files, processes and browsers."""
