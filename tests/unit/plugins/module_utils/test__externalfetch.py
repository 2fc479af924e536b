# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import threading

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _externalfetch

try:
    from http.server import BaseHTTPRequestHandler, HTTPServer
except ImportError:
    from BaseHTTPServer import BaseHTTPRequestHandler, HTTPServer

MODE = {'delegate-dn': ['/DC=ch/CN=tw'], 'compatible-version': ['3.*'], 'banned-out-destinations': [], 'backend-urls': {
    'cacheSSL': '', 'baseURL': '', 'htcondorPool': 'a.example.org', 'htcondorSchedds': [], 'asoConfig': [{'couchURL': '', 'couchDBName': 'filetransfers'}]}}


class Handler(BaseHTTPRequestHandler):
    server_version, sys_version = 'Apache', ''

    def do_GET(self):
        status, headers, body = self.server.answers.get(self.path, (404, {}, b'no such page'))
        self.send_response(status)
        for name in headers:
            self.send_header(name, headers[name])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


@pytest.fixture
def site():
    """A web server: answers is a dict of path to (status, headers, body); url its address."""
    server = HTTPServer(('127.0.0.1', 0), Handler)
    server.answers, server.url = {}, 'http://127.0.0.1:%d' % server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01})
    thread.daemon = True
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def page(value):
    return 200, {}, json.dumps(value).encode('ascii')


def test_good_file_behind_redirects_has_no_problem(site):
    site.answers.update({'/a': (302, {'Location': '/b?x=1'}, b''), '/b?x=1': page({'cmsweb-dev': MODE})})
    found = _externalfetch.check(site.url + '/a', 'keyed', 'cmsweb-dev')
    assert (found['content'], found['problems']) == ({'cmsweb-dev': MODE}, [])


def test_mode_that_the_file_has_not_is_told(site):
    site.answers['/a'] = page({'cmsweb-dev': MODE})
    assert _externalfetch.check(site.url + '/a', 'keyed', 'x')['problems'] == ['There is no mode x, but cmsweb-dev: the server would not start.']


def test_file_behind_the_link_is_fetched_and_checked(site):
    link = site.url + '/schedds'
    site.answers.update({'/a': page({'htcondorPool': 'a.example.org', 'htcondorScheddsLink': link}), '/schedds': page({'crab3@a.example.org': {}})})
    found = _externalfetch.check(site.url + '/a', 'rest')
    assert (found['schedds'], found['problems']) == ({'crab3@a.example.org': {}}, [])
    site.answers['/schedds'] = (500, {}, b'')
    assert _externalfetch.check(site.url + '/a', 'rest')['problems'][0].startswith('%s answers 500.' % link)


@pytest.mark.parametrize('answer, said', [
    ((404, {}, b''), 'answers 404. Check the link: it must give the file itself without a login.'),
    ((200, {}, b'<html>login</html>'), 'line 1, column 1: expected a JSON value.'),
    ((200, {}, b'{"m": "\\."}'), 'line 1, column 8: the backslash starts no JSON escape'),
    ((200, {}, b'\xff'), 'line 1, column 1: the byte is not UTF-8.'),
    ((200, {}, b'{"modes": []}'), 'the key modes belongs to the era modes, not to keyed'),
    ((200, {'Server': 'SimpleHTTP/0.6'}, b'{}'), 'sends the header server with "HTTP" in it, which the releases of 2018 take for the status line.'),
    ((302, {'Location': '/a'}, b''), 'is redirected more than ten times.'),
    ((302, {'Location': 'file:///etc/passwd'}, b''), 'url: file:// is no http or https URL.'),
])
def test_what_would_end_the_start_of_the_server_is_told(site, answer, said):
    site.answers['/a'] = answer
    found = _externalfetch.check(site.url + '/a', 'keyed')
    assert (found['content'], len(found['problems'])) == (None, 1)
    assert said in found['problems'][0]


def test_header_with_http_matters_to_the_releases_of_2018_only(site):
    site.answers['/a'] = (200, {'X-Note': 'HTTP'}, json.dumps({'m': MODE}).encode('ascii'))
    assert _externalfetch.check(site.url + '/a', 'both', 'm')['problems'] == []


@pytest.mark.parametrize('url, said', [
    ('file:///etc/passwd', 'file:///etc/passwd is no http or https URL'),
    ('http://alice:secret@127.0.0.1:9/x', 'http://********@127.0.0.1:9/x does not answer')])
def test_link_that_cannot_be_fetched_is_told_without_its_password(url, said):
    problems = _externalfetch.check(url, 'keyed')['problems']
    assert said in problems[0] and 'secret' not in problems[0]
