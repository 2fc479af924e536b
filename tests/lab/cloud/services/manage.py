"""manage.py SERVICE ARGUMENT...: SERVICE-manage of keystone, glance, placement or nova."""

from __future__ import annotations

import importlib
import sys

import own_files  # noqa: F401

service = sys.argv.pop(1)
sys.argv[0] = f"{service}-manage"
sys.exit(importlib.import_module(f"{service}.cmd.manage").main())
