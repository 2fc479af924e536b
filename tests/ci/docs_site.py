#!/usr/bin/env python3
"""docs_site.py: the pages of all modules and roles, from their documentation, as .cache/docs-site/html/index.html. Any warning fails.

antsibull-docs writes them as Ansible's own site has them; Sphinx makes HTML of that. The few labels of Ansible's documentation that they refer to
come from an inventory that is written here, as the one of docs.ansible.com would have to be fetched.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / ".cache/docs-site"
ANSIBLE = "https://docs.ansible.com/ansible-core/2.16/"
LABELS = {
    "action_plugins": "plugins/action.html",
    "callback_plugins": "plugins/callback.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
CONF = f"""\
project = "cmsweb.crab"
copyright = "cmsweb.crab maintainers, GPL-3.0-or-later"
extensions = ["sphinx_antsibull_ext", "sphinx.ext.intersphinx"]
intersphinx_mapping = {{"ansible": ("{ANSIBLE}", "ansible.inv")}}
html_theme = "alabaster"
html_show_sphinx = False
nitpicky = True
"""


def main() -> int:
    pages, html = SITE / "rst", SITE / "html"
    pages.mkdir(parents=True, exist_ok=True)
    (pages / "conf.py").write_text(CONF, encoding="utf-8")
    entries = "".join(f"{name} std:label -1 {place} {name}\n" for name, place in LABELS.items())
    (pages / "ansible.inv").write_bytes(b"# Sphinx inventory version 2\n# Project: Ansible\n# Version: 2.16\n# The remainder of this file is compressed "
                                        b"using zlib.\n" + zlib.compress(entries.encode()))
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")}
    for command in (["antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--fail-on-error", "--cleanup", "similar-files",
                     "--dest-dir", pages, "cmsweb.crab"],
                    ["sphinx-build", "-W", "--keep-going", "-q", "-j", "auto", "-b", "html", pages, html]):
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
        if done.returncode:
            return done.returncode
    print(f"{html / 'index.html'}: {len(list(html.glob('*_module.html')))} modules, {len(list(html.glob('*_role.html')))} roles")
    return 0


if __name__ == "__main__":
    sys.exit(main())
