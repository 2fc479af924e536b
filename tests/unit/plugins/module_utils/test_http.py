# -*- coding: utf-8 -*-
# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _http
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError


@pytest.mark.parametrize('url', ['ftp://crab-vm.example.org', 'crab-vm.example.org', 'https://crab-vm.example.org:https'])
def test_what_is_no_url_is_named(url):
    with pytest.raises(CrabError, match='url: %s (is no http or https URL|has no number as its port)' % url):
        _http.get(url, '/', {}, timeout=1)


@pytest.mark.parametrize('url, path', [('http://crab..example.org', '/'), ('http://127.0.0.1:9', u'/caf\xe9')])
def test_a_name_or_path_that_cannot_be_sent_is_no_answer(url, path):
    with pytest.raises(_http.NoAnswer):
        _http.get(url, path, {}, timeout=1)
