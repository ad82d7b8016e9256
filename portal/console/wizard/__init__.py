"""The first hour, a module for each step. Knows neither the kernel nor root's side: all is asked of the steward."""
