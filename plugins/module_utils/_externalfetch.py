# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The external configuration fetched as the server fetches it at its start, and what the server would stumble over."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

try:
    from urllib.parse import urljoin, urlsplit
except ImportError:     # Python 2.7
    from urlparse import urljoin, urlsplit

from ansible_collections.cmsweb.crab.plugins.module_utils import _external, _http, _strictjson
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

_REDIRECTS = (301, 302, 303, 307, 308)


def fetch(url, old_server=False, timeout=20):
    """The bytes behind a URL, redirects followed.

    :param old_server: refuse what only the releases of 2018 cannot read.
    :raises CrabError: for what would end the start of the server.
    """
    if not re.match(r'https?://[^\s/]', url):
        raise CrabError('%s is no http or https URL, and the server fetches no other.' % _external.masked_url(url), 'Publish the file on a web server.')
    for _dummy in range(10):
        parts = urlsplit(url)
        path = (parts.path or '/') + ('?' + parts.query if parts.query else '')
        try:
            answer = _http.get('%s://%s' % (parts.scheme, parts.netloc.rsplit('@', 1)[-1]), path, {}, timeout=timeout)
        except _http.NoAnswer as error:
            raise CrabError('%s does not answer: %s.' % (_external.masked_url(url), error), _remedy(str(error)))
        if answer.status in _REDIRECTS and answer.headers.get('location'):
            url = urljoin(url, answer.headers['location'])
            continue
        return _body(url, answer, old_server)
    raise CrabError('%s is redirected more than ten times.' % _external.masked_url(url), 'Name the last link of the chain.')


def check(url, era, mode=None, timeout=20):
    """dict(content, schedds, problems) of what the server gets: content is None if it gets nothing that it can read.

    :param era: the one that the server reads; None for the one that the file has the shape of.
    :param mode: the value of data.mode, where the era has modes.
    """
    result = {'content': None, 'schedds': None, 'problems': []}
    try:
        body, name = fetch(url, era == 'keyed', timeout), _external.masked_url(url)
        content = result['content'] = _external.load(body, name, era) if era else _strictjson.load(body, name)[0]
        result['problems'] += _external.faults(content, era, mode)
        if not result['problems'] and 'htcondorScheddsLink' in content:
            result['schedds'] = _schedds(content, timeout)
            result['problems'] += _external.validate(result['schedds'], 'schedds') or _external.unknown_schedds(content, result['schedds'])
    except CrabError as error:
        result['problems'].append(error.args[0])
    return result


def _schedds(content, timeout):
    link = content['htcondorScheddsLink']
    return _strictjson.load(fetch(link, timeout=timeout), _external.masked_url(link))[0]


def _body(url, answer, old_server):
    where = _external.masked_url(url)
    if not 200 <= answer.status < 300:
        raise CrabError('%s answers %d.' % (where, answer.status), 'Check the link: it must give the file itself without a login.')
    odd = [name for name in sorted(answer.headers) if 'HTTP' in '%s: %s' % (name, answer.headers[name])]
    if old_server and odd:
        raise CrabError('%s sends the header %s with "HTTP" in it, which the releases of 2018 take for the status line.' % (where, odd[0]),
                        'Publish the file on Apache or nginx.')
    return answer.content


def _remedy(said):
    if 'CERTIFICATE_VERIFY_FAILED' in said or 'certificate verify failed' in said:
        return "The host does not trust the CA of that server, and crabserver has no option for another: use a link that it trusts, or http."
    return 'Check that the host reaches it; then run again.'
