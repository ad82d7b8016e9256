"""The world around the gateway, in network namespaces: the operator's Internet and the visitors' phones.

The demo, the lab for a person, the system tests and the benchmarks all build it from here: ``run`` (subprocesses),
``namespaces`` (the ground), ``internet`` (the operator's side), ``visitor`` (a phone), ``forward`` (a phone's view
for a browser on this machine). Must not know: how the gateway works; it meets it as a phone and the Internet do.
"""
