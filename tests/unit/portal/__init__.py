"""Tests of the portal without a socket: pages, words, and the whole dialogue with a gate that keeps state."""
