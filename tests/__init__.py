"""What checks the project, in rungs: unit, edge, kernel, system, image, bench; and lab, the venue they share."""
