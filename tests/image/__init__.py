"""The flashable image under emulation, with the lab's world around it: ``scripts/boot-test``."""
