"""The journal on real files: crashes, tampering, full disks, readers beside the writer."""
