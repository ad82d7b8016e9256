"""Tests at one edge each: real sockets, real files, real servers, but not the whole venue."""
