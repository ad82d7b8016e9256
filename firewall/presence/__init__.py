"""Sources of evidence that a device is here or has left, one small module each."""
