# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _cmsauth, _probe
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

OTHERS = sorted(set(_cmsauth.REMEDIES) - set(_probe.PASSING) - set(['ok']))


@pytest.fixture
def server(monkeypatch):
    """What the server answers, one after the other, as (status, cause); the pauses in between."""
    answers, pauses = [], []

    def ask(params, check):
        status, cause = answers.pop(0)
        return {'status': status, 'rest_status': None, 'json': None, 'cause': cause, 'said': '%s' % status}
    monkeypatch.setattr(_probe, '_ask', ask)
    monkeypatch.setattr(_probe.time, 'sleep', pauses.append)
    return answers, pauses


def parameters(**more):
    return dict(_probe.DEFAULTS, url='http://127.0.0.1:8270', **more)


@pytest.mark.parametrize('cause', _probe.PASSING)
def test_what_passes_is_asked_again_until_it_has(server, cause):
    answers, pauses = server
    answers += [(503, cause), (503, cause), (200, 'ok')]

    result = _probe.insist(parameters(delay=0.5))

    assert (result['status'], result['attempts'], pauses, answers) == (200, 3, [0.5, 0.5], [])


@pytest.mark.parametrize('cause', OTHERS)
def test_what_will_not_pass_is_asked_once_and_named_with_its_remedy(server, cause):
    answers, pauses = server
    answers += [(403, cause), (200, 'ok')]

    with pytest.raises(CrabError) as caught:
        _probe.insist(parameters())

    assert 'answers 403, not 200. Cause: %s.' % cause in str(caught.value) and 'Tried' not in str(caught.value)
    assert _cmsauth.REMEDIES[cause] in str(caught.value) and pauses == []


def test_after_the_retries_it_is_said_how_often_it_was_tried(server):
    answers, pauses = server
    answers += [(None, 'not_running')] * 4

    with pytest.raises(CrabError) as caught:
        _probe.insist(parameters(retries=3))

    assert 'Tried 4 times.' in str(caught.value) and len(pauses) == 3


def test_in_check_mode_there_may_be_no_server_yet(server):
    answers, pauses = server
    answers += [(None, 'not_running')]

    assert _probe.insist(parameters(), check=True)['attempts'] == 1 and pauses == []
