# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The logs of a REST server (WMCore.REST.Main, 2013 to today) and of a CMSWEB frontend, summed up in one pass.

A request is a line such as::

    [25/Nov/2026:16:20:26] vm 10.0.0.1 "GET /crabserver/dev/info HTTP/1.1" 200 OK [data: 268 in 104 out 4455 us ] [auth: OK "/CN=alice" "" ] [ref: "" "curl" ]

The frontend's has a time zone, ``[client: ...] [backend: ...]``, ``N body`` behind ``out`` and the cipher behind ``auth:``. A server of
2013 gave neither the client nor the word behind the status. An error of the server is a line ``SERVER <KIND> ERROR <class> <id> (<text>)``
(WMCore.REST.Error), with its traceback below it.

Memory is bounded whatever the log holds: what has more than LIMIT different values is counted together under OTHERS.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime
import heapq
import os
import re
import time

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_native

LIMIT = 2000
OTHERS = b'(others)'
HOUR = datetime.timedelta(hours=1)
LONGEST = 300           # characters of an error's text
MONTHS = dict((name, number + 1) for number, name in enumerate('Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split()))

REQUEST = re.compile(
    br'\[(?P<time>[^\]]+)\] (?P<host>\S+) (?:\[client: (?P<client>[^\]]*)\] (?:\[backend: [^\]]*\] )?|(?P<address>\S+) )?"(?P<request>(?:[^"\\]|\\.)*)" '
    br'(?P<status>\d{3})[^\[]*\[data: (?P<received>\S+) in (?P<sent>\S+) out (?:\S+ body )?(?P<microseconds>\d+) us \] \[auth: [^"]*'
    br'"(?P<dn>(?:[^"\\]|\\.)*)"')
ERROR = re.compile(br'\[([^\]]+)\] +(?:SERVER (?:REST|HTTP|OTHER|DATABASE)|DATABASE THREAD \S+(?: \S+)*?) ERROR (.*)')
IDENTIFIER = re.compile(br' ?\b[0-9a-f]{32}\b')
FRAME = re.compile(br'\[[^\]]+\] +File "([^"]+)", line (\d+), in (\S+)')
DENIED = re.compile(br'\[([^\]]+)\] .*rejecting non-vo certificate (\S.*)')
APACHE = re.compile(br'\[\w+ (\w+ +\d+ [\d:]+)(?:\.\d+)? (\d{4})\] \[(?:\w+:)?(error|crit|alert|emerg)\] (?:\[(?:pid|client) [^\]]*\] )*(.*)')
STAMP = re.compile(br'\[(?:(?P<day>\d\d)/(?P<month>\w{3})/(?P<year>\d{4}):(?P<clock>\d\d:\d\d:\d\d)'
                   br'|\w{3} (?P<amonth>\w{3}) +(?P<aday>\d+) (?P<aclock>\d\d:\d\d:\d\d)(?:\.\d+)? (?P<ayear>\d{4}))')


def parse_since(text, now):
    """A moment: ``2026-11-25``, ``2026-11-25 16:20[:30]`` (T is as good as the blank) in the time of the host, or an age: ``90m``, ``24h``, ``7d``.

    :param now: seconds since the epoch
    :returns: a datetime in the time of the host, as its logs have it
    """
    age = re.match(r'(\d+)([mhd])$', text)
    if age:
        return datetime.datetime.fromtimestamp(now - int(age.group(1)) * {'m': 60, 'h': 3600, 'd': 86400}[age.group(2)])
    for form in ('%Y-%m-%d', '%Y-%m-%d %H:%M', '%Y-%m-%d %H:%M:%S'):
        try:
            return datetime.datetime.strptime(text.replace('T', ' '), form)
        except ValueError:
            continue
    raise CrabError('since: %s is neither an age nor a moment.' % text, 'Write for instance 24h, 7d, or 2026-11-25 16:20.')


def moment(line):
    """The time at the beginning of a line of either log, or None."""
    found = STAMP.match(line)
    if not found:
        return None
    part = found.groupdict()
    prefix = '' if part['day'] else 'a'
    month = MONTHS.get(to_native(part[prefix + 'month']))
    if month is None:
        return None
    hours, minutes, seconds = (int(number) for number in part[prefix + 'clock'].split(b':'))
    try:
        return datetime.datetime(int(part[prefix + 'year']), month, int(part[prefix + 'day']), hours, minutes, seconds)
    except ValueError:
        return None


def lines_since(path, since):
    """The lines of a log from the first one that is not older than since (a datetime; None: all), without the trace of the database.

    Times only grow, so half of the rest is left out at each look. Where clocks are put back they do not: then it begins an hour earlier, and reads on.
    """
    with open(path, 'rb') as log:
        if since is not None:
            size = os.path.getsize(path)
            log.seek(_first_offset(log, size, since - HOUR if _clocks_change(since) else since))
            _skip_older(log, since)
        for line in log:
            if line[24:31] != b'RESTSQL':       # the trace of the database, nine lines of ten, of which nothing is told
                yield line


def _clocks_change(when):
    """Whether a change of the host's clocks to or from summer time is near."""
    return len(set(time.localtime(time.mktime((when + hours).timetuple())).tm_isdst for hours in (-3 * HOUR, 3 * HOUR))) > 1


def _skip_older(log, since):
    """From there to the first line that is not older."""
    start, when = _timed_line(log, log.tell())
    while when is not None and when < since:
        start, when = _timed_line(log, start + 1)
    log.seek(start)


def _first_offset(log, size, since):
    """Start of the first line with a time that is not older."""
    low, high = 0, size       # the line that begins at or behind low is the first that may be it; the one behind high is not needed
    while low < high:
        middle = (low + high) // 2
        begins, when = _timed_line(log, middle)
        if when is None or when >= since:
            high = middle
        else:
            low = begins + 1
    return _timed_line(log, low)[0]


def _timed_line(log, offset):
    """(start, time) of the first line with a time that begins at or behind the offset; (end of the file, None) without one."""
    log.seek(max(offset - 1, 0))
    if offset:
        log.readline()        # the rest of the line before
    while True:
        start = log.tell()
        line = log.readline()
        if not line:
            return start, None
        when = moment(line)
        if when is not None:
            return start, when


class Summary(object):
    """What lines of logs say, added one by one.

    :param top: how many of each list are told.
    """

    def __init__(self, top):
        self.top = top
        self.requests = 0
        self.statuses, self.resources, self.users, self.errors, self.denied = {}, {}, {}, {}, {}
        self.starts = []
        self.first = self.last = None
        self._slowest = []
        self._open = None       # the error whose traceback is being read

    def add(self, line):
        """A line of a REST server's log or of a frontend's access log or error log."""
        if b' us ] ' in line and self._request(line):
            return
        if self._open is not None and self._traceback(line):
            return
        if b' ERROR ' in line:
            self._server_error(line)
        elif b'ENGINE Bus STARTED' in line:
            self.starts.append(_iso(line))
            del self.starts[:-self.top]
        elif b'rejecting non-vo' in line:
            self._denied(line)
        else:
            self._apache_error(line)

    def _request(self, line):
        found = REQUEST.match(line)
        if not found:
            return False
        self._open = None
        request, status, microseconds, dn = found.group('request', 'status', 'microseconds', 'dn')
        seconds, failed = int(microseconds) / 1e6, status >= b'400'
        self.requests += 1
        self.first = self.first or line[:28]
        self.last = line[:28]
        self.statuses[status] = self.statuses.get(status, 0) + 1
        resource = _bounded(self.resources, resource_of(request), lambda: [0, 0, 0.0, 0.0])
        resource[0] += 1
        resource[1] += failed
        resource[2] += seconds
        resource[3] = max(resource[3], seconds)
        user = _bounded(self.users, _dn(dn), lambda: [0, 0])
        user[0] += 1
        user[1] += failed
        if len(self._slowest) < self.top:
            heapq.heappush(self._slowest, (seconds, -self.requests, line))
        elif seconds > self._slowest[0][0]:
            heapq.heapreplace(self._slowest, (seconds, -self.requests, line))
        return True

    def _server_error(self, line):
        found = ERROR.match(line)
        if not found:
            return
        said = IDENTIFIER.sub(b'', found.group(2)).strip()[:LONGEST]
        self._open = self._error(said, line)

    def _apache_error(self, line):
        found = APACHE.match(line)
        if found:
            self._error(found.group(4).strip()[:LONGEST], line)

    def _error(self, said, line):
        entry = _bounded(self.errors, said, lambda: {'count': 0, 'first': _iso(line), 'where': None})
        entry['count'] += 1
        entry['last'] = _iso(line)
        return entry

    def _traceback(self, line):
        """The innermost frame is the last one; whatever is not indented ends it."""
        found = FRAME.match(line)
        if found:
            self._open['where'] = '%s:%s %s' % tuple(_text(group) for group in found.groups())
            return True
        if re.match(br'\[[^\]]+\]    ', line):
            return True
        self._open = None
        return False

    def _denied(self, line):
        found = DENIED.match(line)
        if found:
            entry = _bounded(self.denied, found.group(2).strip(), lambda: [0, None])
            entry[0] += 1
            entry[1] = _iso(line)

    def result(self):
        """dict(requests, first, last, statuses, starts, errors, slowest, resources, users, denied). The most frequent come first, of the resources those that
        took most time in all.
        """
        resources = _ranked(self.resources, lambda entry: entry[2])
        return {
            'requests': self.requests, 'first': _iso(self.first), 'last': _iso(self.last), 'starts': list(self.starts),
            'statuses': dict((_text(status), count) for status, count in self.statuses.items()),
            'errors': [dict(entry, error=said) for said, entry in _ranked(self.errors, lambda entry: entry['count'])[:self.top]],
            'slowest': [_told(line) for _seconds, _number, line in sorted(self._slowest, reverse=True)],
            'resources': [{'resource': name, 'count': count, 'failed': failed, 'mean_seconds': round(total / count, 6), 'max_seconds': slowest}
                          for name, (count, failed, total, slowest) in resources[:self.top]],
            'users': [{'dn': dn, 'count': count, 'failed': failed} for dn, (count, failed) in _ranked(self.users, lambda entry: entry[0])[:self.top]],
            'denied': [{'dn': dn, 'count': count, 'last': last} for dn, (count, last) in _ranked(self.denied, lambda entry: entry[0])[:self.top]],
        }


def _ranked(table, weight):
    return [(_text(key), entry) for key, entry in sorted(table.items(), key=lambda item: (-weight(item[1]), item[0]))]


def resource_of(request):
    """``GET /crabserver/dev/info`` of ``GET /crabserver/dev/info?subresource=version HTTP/1.1`` (bytes): what a REST server can tell apart."""
    words = request.split(b'?', 1)[0].split()
    if len(words) < 2:
        return b'-'
    return words[0] + b' /' + b'/'.join([part for part in words[1].split(b'/') if part][:3])[:120]


def _told(line):
    part = REQUEST.match(line).groupdict()
    return {'time': _iso(line), 'client': _text(part['client'] or part['address'] or b''), 'request': _text(part['request'])[:LONGEST],
            'status': int(part['status']), 'seconds': int(part['microseconds']) / 1e6, 'dn': _text(_dn(part['dn']))}


def _dn(value):
    return b'' if value == b'-' else value      # the frontend's word for no certificate


def _bounded(table, key, new):
    if key not in table:
        if len(table) >= LIMIT:
            key = OTHERS
        if key not in table:
            table[key] = new()
    return table[key]


def _iso(line):
    when = moment(line) if line else None
    return when.isoformat() if when else None


def _text(value):
    return to_native(value.decode('utf-8', 'replace'))
