"""What is printed, without a printer."""
