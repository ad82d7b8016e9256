"""The console's sections, one module each: a function ``register(routes, site)`` and its views."""
