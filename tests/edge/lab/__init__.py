"""The lab itself, in a miniature world: if these are red, no red above them means anything."""
