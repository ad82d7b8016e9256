"""The core without a kernel, a disk or a clock."""
