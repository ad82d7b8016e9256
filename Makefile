# For those who type make; the scripts are the real commands.
.PHONY: demo test lab lock
demo test lock:
	scripts/$@
lab:
	scripts/lab up
