# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime
import time

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _restlog
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

ALICE = '/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example'
NOW = time.mktime((2026, 11, 25, 16, 0, 0, 0, 0, -1))
REQUEST = '[%s] crab-vm 10.0.0.1 "%s HTTP/1.1" %s [data: 268 in 104 out %d us ] [auth: OK "%s" "" ] [ref: "" "CRABClient/3.3" ]\n'


def request(what='GET /crabserver/dev/info?subresource=version', status='200 OK', microseconds=4455, dn=ALICE, time='25/Nov/2026:15:00:00'):
    return REQUEST % (time, what, status, microseconds, dn)


def error(said, where='/x/Server.py", line 12, in _call', time='25/Nov/2026:15:00:00'):
    lines = ['SERVER %s' % said, '  Traceback (most recent call last):', '    File "/x/Main.py", line 7, in main', '    File "%s' % where,
             '      raise NoSuchInstance()', '  NoSuchInstance']
    return ''.join('[%s]  %s\n' % (time, line) for line in lines)


def summary(*texts, **options):
    one = _restlog.Summary(options.get('top', 10))
    for text in texts:
        for line in text.encode('utf-8').splitlines(True):
            one.add(line)
    return one.result()


@pytest.mark.parametrize('line', [
    # WMCore of 2013, WMCore of today, a frontend, a frontend that knows its client by a proxy
    '[12/Jul/2013:15:14:15] crab-vm "GET /crabserver/dev/info?limit=6& HTTP/1.1" 403 [data: 5763 in 576 out 34844 us ] [auth: OK "%s" "" ] [ref: "" "x" ]',
    '[12/Jul/2013:15:14:15] crab-vm 10.0.0.1 "GET /crabserver/dev/info HTTP/1.1" 403 Forbidden [data: - in - out 34844 us ] [auth: OK "%s" "" ] [ref: "" "x" ]',
    '[12/Jul/2013:15:14:15 +0200] crab-vm 10.0.0.1 "GET /crabserver/dev/info HTTP/1.1" 403 [data: 5 in 57 out 6 body 34844 us ] [auth: TLSv1.2 A "%s" "-" ] [',
    '[12/Jul/2013:15:14:15 +0200] crab-vm [client: 10.0.0.1] [backend: b] "GET /crabserver/dev/info HTTP/1.1" 403 [data: 5 in 57 out - body 34844 us ] '
    '[auth: TLSv1.2 A "%s" "-" ] [ref: "-" "x" ]',
])
def test_requests_of_every_era_and_of_the_frontend_are_read(line):
    told = summary(line % ALICE + '\n')

    assert (told['requests'], told['statuses'], told['first']) == (1, {'403': 1}, '2013-07-12T15:14:15')
    assert told['users'] == [{'dn': ALICE, 'count': 1, 'failed': 1}]
    assert told['resources'] == [{'resource': 'GET /crabserver/dev/info', 'count': 1, 'failed': 1, 'mean_seconds': 0.034844, 'max_seconds': 0.034844}]


def test_quotes_in_a_request_do_not_end_it():
    told = summary(request('GET /crabserver/dev/info?x=\\"200 ]', dn='/CN=\\"quoted\\"'))

    assert told['slowest'][0]['request'] == 'GET /crabserver/dev/info?x=\\"200 ] HTTP/1.1'
    assert told['users'][0]['dn'] == '/CN=\\"quoted\\"'


def test_a_request_without_a_certificate_has_no_dn_in_either_log():
    told = summary(request(dn=''), request(dn='-'))

    assert told['users'] == [{'dn': '', 'count': 2, 'failed': 0}]
    assert [entry['dn'] for entry in told['slowest']] == ['', '']


def test_the_slowest_come_first_and_only_as_many_as_asked_for():
    told = summary(*[request(microseconds=number * 1000000) for number in (3, 1, 4, 1, 5)], top=2)

    assert [entry['seconds'] for entry in told['slowest']] == [5.0, 4.0]
    assert told['slowest'][0] == {'time': '2026-11-25T15:00:00', 'client': '10.0.0.1', 'request': 'GET /crabserver/dev/info?subresource=version HTTP/1.1',
                                  'status': 200, 'seconds': 5.0, 'dn': ALICE}


def test_errors_are_counted_without_their_ids_and_with_the_innermost_frame():
    first = error('REST ERROR WMCore.REST.Error.NoSuchInstance 30cacdcf7522dbb72b1310e875070251 (No such instance)')
    second = error('REST ERROR WMCore.REST.Error.NoSuchInstance 7f600f66d2337304a8e9e547a6c2f277 (No such instance)', time='25/Nov/2026:15:30:00')

    told = summary(first, request(), second, request())

    assert told['errors'] == [{'error': 'WMCore.REST.Error.NoSuchInstance (No such instance)', 'count': 2, 'where': '/x/Server.py:12 _call',
                               'first': '2026-11-25T15:00:00', 'last': '2026-11-25T15:30:00'}]


@pytest.mark.parametrize('said, shown', [
    ("HTTP ERROR cherrypy._cperror.HTTPError f0aa48dfd2f9d215c2214434494543d7 ((403, 'You are not allowed to access this resource.'))",
     "cherrypy._cperror.HTTPError ((403, 'You are not allowed to access this resource.'))"),
    ('OTHER ERROR exceptions.KeyError f0aa48dfd2f9d215c2214434494543d7 (x)', 'exceptions.KeyError (x)'),
    ('DATABASE ERROR 503/401 Execution error cx_Oracle.DatabaseError f0aa48dfd2f9d215c2214434494543d7 [instance: dev] (ORA-00942: no table)',
     '503/401 Execution error cx_Oracle.DatabaseError [instance: dev] (ORA-00942: no table)'),
])
def test_each_kind_of_error_is_read(said, shown):
    assert [entry['error'] for entry in summary(error(said))['errors']] == [shown]


def test_an_error_of_the_database_thread_is_read():
    line = ('[25/Nov/2026:15:00:00]  DATABASE THREAD CONNECTION ERROR crab@devdb11 x cx_Oracle.DatabaseError f0aa48dfd2f9d215c2214434494543d7  '
            '(ORA-28001: the password has expired)\n')

    assert 'ORA-28001' in summary(line)['errors'][0]['error']


def test_the_frontend_s_error_log_tells_whom_it_turned_away_and_its_own_errors():
    told = summary(
        '[Wed Nov 25 16:20:26.283568 2026] [lua:notice] [pid 3454:tid 3457] [client 10.0.0.1:57416] cmsauth: rejecting non-vo certificate %s\n' % ALICE,
        '[Wed Nov 25 16:20:27 2026] [error] [client 10.0.0.1] proxy: HTTP: attempt to connect to 127.0.0.1:8270 failed\n',
        '[Wed Nov 25 16:20:28.000001 2026] [proxy:error] [pid 1:tid 2] [client 10.0.0.1:3] proxy: HTTP: attempt to connect to 127.0.0.1:8270 failed\n',
        '[Wed Nov 25 16:20:29.000001 2026] [core:notice] [pid 1:tid 2] AH00094: Command line\n')

    assert told['denied'] == [{'dn': ALICE, 'count': 1, 'last': '2026-11-25T16:20:26'}]
    assert [(entry['error'], entry['count']) for entry in told['errors']] == [('proxy: HTTP: attempt to connect to 127.0.0.1:8270 failed', 2)]


def test_starts_are_told():
    assert summary('[25/Nov/2026:16:20:24] ENGINE Bus STARTED\n')['starts'] == ['2026-11-25T16:20:24']


def test_memory_is_bounded_whatever_the_log_holds():
    one = _restlog.Summary(5)
    for number in range(_restlog.LIMIT + 50):
        one.add(request('GET /%d/x' % number, dn='/CN=%d' % number, microseconds=number).encode('utf-8'))

    assert (len(one.users), len(one.resources)) == (_restlog.LIMIT + 1, _restlog.LIMIT + 1)
    assert one.result()['users'][0] == {'dn': '(others)', 'count': 50, 'failed': 0}


def test_what_is_no_log_is_passed_over():
    told = summary(u'\n', u'[\n', u'[99/Xyz/2026:00:00:00] x\n', u'\u20ac us ] ERROR\n', u' us ] [auth: "\n')

    assert (told['requests'], told['errors'], told['first']) == (0, [], None)


@pytest.mark.parametrize('since, first', [('14:59:59', 15), ('15:00:00', 15), ('15:00:01', 16), ('16:00:00', 16), ('23:00:00', 23), ('23:00:01', None)])
def test_only_what_is_not_older_is_read(tmp_path, since, first):
    path = tmp_path / 'log'
    path.write_text(u'started\n' + u''.join(u'[25/Nov/2026:%02d:00:00] a\n  continued\n' % hour for hour in range(15, 24)))

    lines = list(_restlog.lines_since(str(path), datetime.datetime.strptime('2026-11-25 ' + since, '%Y-%m-%d %H:%M:%S')))

    assert lines[:1] == ([] if first is None else [('[25/Nov/2026:%02d:00:00] a\n' % first).encode('utf-8')])
    assert len(lines) == (0 if first is None else 2 * (24 - first))


@pytest.fixture
def zurich(monkeypatch):
    """Clocks that are put forward at 02:00 on 29 March 2026, and back at 03:00 on 25 October."""
    monkeypatch.setenv('TZ', 'CET-1CEST,M3.5.0,M10.5.0/3')
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize('since', ['02:10', '02:30', '02:50', '03:10', '03:30'])
@pytest.mark.parametrize('tail', [0, 500, 5000])
def test_an_hour_that_comes_twice_is_not_passed_over(tmp_path, zurich, since, tail):
    """Summer time's half past two is the first line that is wanted, winter time's the second."""
    minutes = [60 + n for n in range(120)] + [120 + n for n in range(60)] + [180 + n for n in range(60 + tail)]
    path = tmp_path / 'log'
    path.write_text(u''.join(u'[25/Oct/2026:%02d:%02d:00] %d\n' % (n // 60 % 24, n % 60, number) for number, n in enumerate(minutes) if n < 1440))
    wanted = int(since[:2]) * 60 + int(since[3:])

    lines = list(_restlog.lines_since(str(path), datetime.datetime.strptime('2026-10-25 ' + since, '%Y-%m-%d %H:%M')))

    assert int(lines[0].split()[1]) == next(number for number, n in enumerate(minutes) if n >= wanted)


def test_the_beginning_of_a_long_log_is_found_in_few_looks(tmp_path):
    path = tmp_path / 'log'
    path.write_text(u''.join(u'[25/Nov/2026:%02d:%02d:%02d] %s\n' % (n // 3600, n // 60 % 60, n % 60, u'x' * 100) for n in range(20000)))

    class Counting(object):
        looks = 0

        def __init__(self, path):
            self.file = open(path, 'rb')

        def __getattr__(self, name):
            return getattr(self.file, name)

        def readline(self):
            self.looks += 1
            return self.file.readline()

    log = Counting(str(path))
    with log.file:
        log.seek(_restlog._first_offset(log, path.stat().st_size, datetime.datetime(2026, 11, 25, 5, 0, 0)))
        assert log.file.readline().startswith(b'[25/Nov/2026:05:00:00] ')
    assert log.looks < 60


def test_the_trace_of_the_database_is_left_out(tmp_path):
    path = tmp_path / 'log'
    path.write_text(u'[25/Nov/2026:16:20:25]  RESTSQL:eFZoGIdpWfQB ping\n[25/Nov/2026:16:20:25] ENGINE Bus STARTED\n')

    assert list(_restlog.lines_since(str(path), None)) == [b'[25/Nov/2026:16:20:25] ENGINE Bus STARTED\n']


@pytest.mark.parametrize('text, moment', [
    ('90m', datetime.datetime(2026, 11, 25, 14, 30)), ('24h', datetime.datetime(2026, 11, 24, 16)), ('7d', datetime.datetime(2026, 11, 18, 16)),
    ('2026-11-01', datetime.datetime(2026, 11, 1)), ('2026-11-01T12:30', datetime.datetime(2026, 11, 1, 12, 30)),
    ('2026-11-01 12:30:05', datetime.datetime(2026, 11, 1, 12, 30, 5)),
])
def test_since_is_an_age_or_a_moment(text, moment):
    assert _restlog.parse_since(text, NOW) == moment


def test_an_age_is_so_long_also_where_the_clocks_are_put_forward(zurich):
    now = time.mktime((2026, 3, 29, 3, 5, 0, 0, 0, -1))

    assert _restlog.parse_since('1h', now) == datetime.datetime(2026, 3, 29, 1, 5)


@pytest.mark.parametrize('text', ['', 'yesterday', '5', '5w', '25/11/2026'])
def test_any_other_since_is_refused(text):
    with pytest.raises(CrabError, match='neither an age nor a moment'):
        _restlog.parse_since(text, NOW)
