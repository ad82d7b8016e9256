"""The visitor's pages: number, password, online."""
