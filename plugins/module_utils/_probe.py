# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request to a CRAB REST interface, again where that is normal, and what the answer means."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import time

from ansible_collections.cmsweb.crab.plugins.module_utils import _cmsauth, _files, _http
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

PASSING = ('database', 'not_running', 'backend')
# The parameters of the module rest_probe, but for the URL; and whether the server's certificate is checked.
DEFAULTS = {'path': '/crabserver/dev/info?subresource=version', 'header_key': None, 'login': '', 'dn': '', 'name': '', 'roles': {}, 'certificate': None,
            'key': None, 'ca_file': None, 'ca_path': None, 'address': None, 'expect_status': 200, 'timeout': 30, 'retries': 3, 'delay': 1.0,
            'check_server': True}


def probe(params, check=False):
    """Ask until the answer is the expected one, or will not become so. Returns what rest_probe returns."""
    attempts = 0
    while True:
        attempts += 1
        result = _ask(params, check)
        result.update(attempts=attempts, changed=False, remedy=_cmsauth.REMEDIES[result['cause']])
        if result['status'] == params['expect_status'] or check or result['cause'] not in PASSING or attempts > params['retries']:
            return result
        time.sleep(params['delay'])


def insist(params, check=False):
    """The same, but raises CrabError where the answer is not the expected one. In check mode there may be no server yet."""
    result = probe(params, check)
    if result['status'] == params['expect_status'] or (check and result['cause'] in ('not_running', 'address')):
        return result
    tried = ' Tried %d times.' % result['attempts'] if result['attempts'] > 1 else ''
    where = params['url'] + params['path']
    raise CrabError('%s answers %s, not %d. Cause: %s.%s' % (where, result['said'], params['expect_status'], result['cause'], tried),
                    result['remedy'], result)


def _ask(params, check):
    headers = {}
    if params['header_key']:
        key = _files.read(params['header_key'])
        if key is None and check:
            return _no_answer('not_running', 'nothing')
        if key is None:
            raise CrabError('header_key: there is no file %s.' % params['header_key'], 'Run the stage deploy first.')
        headers = _cmsauth.sign(key, _cmsauth.user_headers(params['login'], params['dn'], params['name'], params['roles']))
    try:
        answer = _http.get(params['url'], params['path'], headers, params['certificate'], params['key'], params['ca_file'], params['ca_path'],
                           params['address'], params['timeout'], params.get('check_server', True))
    except _http.NoAnswer as error:
        return _no_answer(_cmsauth.transport_cause(str(error)), 'nothing (%s)' % error)
    return {'status': answer.status, 'rest_status': answer.headers.get('x-rest-status'), 'json': _decoded(answer.body),
            'cause': _cmsauth.cause(answer.status, answer.headers, answer.body, not params['header_key']),
            'said': '%d %s' % (answer.status, answer.headers.get('x-error-detail') or ' '.join(answer.body.split())[:160])}


def _no_answer(cause, said):
    return {'status': None, 'rest_status': None, 'json': None, 'cause': cause, 'said': said}


def _decoded(body):
    try:
        return json.loads(body)
    except ValueError:
        return None
