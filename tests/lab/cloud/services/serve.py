"""serve.py MODULE ADDRESS PORT THREADS: one service's WSGI application, in a process of its own."""

from __future__ import annotations

import importlib
import sys

import own_files  # noqa: F401
from waitress import serve

module, address, port, threads = sys.argv[1:]
sys.argv[1:] = []  # oslo.config would read them
serve(importlib.import_module(module).application, host=address, port=int(port), threads=int(threads))
