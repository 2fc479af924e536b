"""The frontend of a version, tried beside the one in force: what needs neither accounts nor a web server."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _candidateweb
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

PATH = '/crabserver/dev/info'
IN_FORCE = {'account': '_frontend:_frontend', 'options': '-DTEST'}
SERVER = """PidFile %(root)s/state/frontend/var/httpd.pid
Listen 443
  Listen 8443 https
<VirtualHost *:443 *:8443>
  SSLCertificateFile /data/certs/hostcert.pem
  Include %(root)s/current/config/frontend/extra.conf
</VirtualHost>
Listen 80
<VirtualHost _default_:80>
</VirtualHost>
"""
MKSERVER = """#!/bin/bash
printf '%s\\n' "$@" > "$TREE/called"
echo "$CONFIG_DIR $STATEDIR $AUTH_JSON_MAP $HOST_MAP_FILE" > "$TREE/environment"
echo Listen 443 > "$STATEDIR/server.conf"
"""
REQUEST = {'url': 'https://crab-vm.example.org', 'path': PATH, 'login': 'crab-verify', 'timeout': 1, 'retries': 0}


@pytest.fixture
def root(tmp_path):
    """A version beside the one in force, and the tree of its candidate with nothing of the frontend in it yet."""
    for folder in ('state/frontend/etc/keys/host-map', 'state/frontend/var', 'HG2604a/config/frontend/htdocs', 'HG2604a/auth/wmcore-auth',
                   '.candidate/state', '.candidate/logs', '.candidate/current/config', '.candidate/current/apps/frontend/etc/profile.d',
                   'package/bin', 'package/etc/env.d'):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / 'state/frontend/etc/keys/authz-headers').write_bytes(b'old')
    (tmp_path / 'state/frontend/server.conf').write_bytes(b'Listen 80\nUser _frontend\nGroup _frontend\nListen 443\n')
    (tmp_path / 'HG2604a/auth/wmcore-auth/header-auth-key').write_bytes(b'new')
    (tmp_path / 'HG2604a/config/frontend/backends-dev.txt').write_bytes(b'^ localhost\n')
    (tmp_path / 'HG2604a/config/frontend/app.conf').write_bytes(b'RewriteRule x http://%{ENV:BACKEND}:8270 # \xe9 82700\n')
    (tmp_path / 'package/etc/env.d/00-core.sh').write_bytes(b'')
    (tmp_path / 'package/bin/mkserver').write_bytes(MKSERVER.encode('ascii'))
    (tmp_path / 'package/bin/mkserver').chmod(0o755)
    (tmp_path / '.candidate/current/apps/frontend/etc/profile.d/init.sh').write_bytes(
        ('export APACHE24_ROOT=/apache FRONTEND_ROOT=%s MOD_PERL24_ROOT=/perl PATH=%s/bin:$PATH\n' % (tmp_path / 'package', tmp_path / 'package')).encode())
    return tmp_path


def made(root, ports=(8270, 45678)):
    _candidateweb._make(str(root), 'HG2604a', str(root / '.candidate'), ports, IN_FORCE, PATH)
    return root / '.candidate'


def test_the_configuration_is_made_as_deploy_makes_it_but_for_the_candidates_tree(root):
    tree = made(root)

    state, config = '%s/state/frontend' % tree, '%s/current/config/frontend' % tree
    assert (tree / 'called').read_text().splitlines() == [
        '-r', state, '-l', '%s/logs/frontend' % tree, '-a', '/apache', '-u', '_frontend:_frontend', '-o', '-DTEST', '-p', config + '/mpm.conf',
        '-c', config + '/frontend.conf', '-d', config + '/htdocs', '-e', '%s/package/etc/env.d/*.sh' % root, '-m', 'perl_module:/perl/modules/mod_perl.so']
    assert (tree / 'environment').read_text().split() == [config, state, state + '/etc/authmap.json', config + '/backends-dev.txt']


def test_requests_go_to_the_candidate_of_crabserver_and_are_signed_with_the_versions_own_key(root):
    tree = made(root)

    assert (tree / 'current/config/frontend/app.conf').read_bytes() == b'RewriteRule x http://%{ENV:BACKEND}:45678 # \xe9 82700\n'
    assert (tree / 'state/frontend/etc/keys/authz-headers').read_bytes() == b'new'
    assert os.readlink(str(tree / 'state/frontend/etc/keys/host-map')) == str(root / 'state/frontend/etc/keys/host-map')
    assert (root / 'HG2604a/config/frontend/app.conf').read_bytes().count(b':8270 ') == 1


@pytest.mark.parametrize('ports, table', [(None, b'^ localhost\n'), ((8270, 45678), b'^ 192.0.2.7\n'), ((8270, 45678), b'^/dbs localhost\n')])
def test_where_this_host_is_not_the_backend_the_port_stays(root, ports, table):
    (root / 'HG2604a/config/frontend/backends-dev.txt').write_bytes(table)

    tree = made(root, ports)

    assert (tree / 'current/config/frontend/app.conf').read_bytes().count(b':8270 ') == 1
    assert (tree / 'current/config/frontend/backends-dev.txt').read_bytes() == table


def test_the_table_of_backends_is_that_of_the_variant(root):
    (root / 'HG2604a/.cmsweb-crab.json').write_text(u'{"services": ["admin/devtools", "frontend/preprod@1.0", "crabserver"]}')

    assert _candidateweb._backends(str(root), 'HG2604a') == 'backends-preprod.txt'


def test_an_mkserver_that_fails_is_a_reason(root):
    (root / 'package/bin/mkserver').write_bytes(b'#!/bin/bash\necho no mpm.conf >&2; exit 2\n')

    with pytest.raises(CrabError, match='mkserver ended with 2: no mpm.conf. Deploy would fail like this'):
        made(root)


@pytest.mark.parametrize('table, here', [
    (u'# ^ localhost\n^/auth/complete/dqm(?:/|$) far.example.org\n^ 127.0.0.1|far.example.org :affinity\n', True),
    (u'^/auth/complete/crabserver far.example.org\n^ 127.0.0.1\n', True),
    (u'^(?<name>/crabserver) 192.0.2.7\n^ 192.0.2.7\n', False),
    (u'', False),
])
def test_the_line_of_the_table_that_counts_points_to_the_loopback_where_it_names_this_host(tmp_path, monkeypatch, table, here):
    monkeypatch.setattr(_candidateweb, '_is_here', lambda name: name == '127.0.0.1')
    path = tmp_path / 'backends-dev.txt'
    path.write_bytes(table.encode('ascii'))

    assert _candidateweb._point_here(str(path), PATH) is here

    assert path.read_bytes() == table.replace(u'127.0.0.1|far.example.org', u'localhost').replace(u'127.0.0.1', u'localhost').encode('ascii')


@pytest.mark.parametrize('name, here', [('localhost', True), ('127.0.0.1', True), ('192.0.2.7', False), ('no-such-host.invalid', False)])
def test_a_name_is_this_hosts_if_its_address_can_be_bound(name, here):
    assert _candidateweb._is_here(name) is here


@pytest.fixture
def free(monkeypatch):
    """Nobody listens on any port, and those that are given are known."""
    monkeypatch.setattr(_candidateweb._listeners, 'holder', lambda port: None)
    monkeypatch.setattr(_candidateweb._listeners, 'free_ports', lambda count: [40000 + number for number in range(count)])


def moved(root, text, wanted=443):
    (root / '.candidate/state/frontend').mkdir()
    path = root / '.candidate/state/frontend/server.conf'
    path.write_bytes(text.encode('ascii'))
    return _candidateweb._move(str(root), str(root / '.candidate'), wanted), path.read_text()


def test_it_listens_on_free_ports_of_the_loopback_and_writes_nowhere_else(root, free):
    port, text = moved(root, SERVER % {'root': root})

    assert port == 40001
    assert text == """PidFile {0}/.candidate/state/frontend/var/httpd.pid
Listen 127.0.0.1:40001
  Listen 127.0.0.1:40002 https
<VirtualHost *:40001 *:40002>
  SSLCertificateFile /data/certs/hostcert.pem
  Include {0}/.candidate/current/config/frontend/extra.conf
</VirtualHost>
Listen 127.0.0.1:40000
<VirtualHost *:40000>
</VirtualHost>
""".format(root)


def test_a_deploy_for_one_account_has_other_ports_and_certificates(root, free, monkeypatch):
    monkeypatch.setattr(_candidateweb._accounts, 'single', lambda root: 'crab1')
    monkeypatch.setattr(_candidateweb._service, 'host_certificate', lambda root: ('/home/crab1/certs/hostcert.pem', '/home/crab1/certs/hostkey.pem'))

    (root / 'state/frontend/server.conf').write_bytes(b'Listen 8443\n')

    port, text = moved(root, (SERVER % {'root': root}).replace('  Listen 8443 https', 'Listen 8443'), 8443)

    assert port == 40001
    assert text.count('Listen 127.0.0.1:40001\n') == 1
    assert '<VirtualHost *:40001 *:40001>\n  SSLCertificateFile /home/crab1/certs/hostcert.pem\n' in text
    assert 'Listen 127.0.0.1:40000\n' in text


@pytest.mark.parametrize('text, complaint', [
    ('Listen 80\nListen 444\n', 'it listens on port 444, 80, and is asked on port 443. Correct the Listen lines .* or verify_url'),
    ('# Listen 443\n', 'it listens on port none, and is asked on port 443'),
    ('Listen 192.0.2.7:443\n', 'it would listen at 192.0.2.7, which is no address of this host'),
])
def test_one_that_would_listen_where_nobody_asks_is_refused(root, free, text, complaint):
    with pytest.raises(CrabError, match=complaint):
        moved(root, text)


def test_where_somebody_else_hands_requests_to_another_port_it_cannot_be_told_what_is_wrong(root, free):
    with pytest.raises(_candidateweb.Untried, match='the one in force does not listen on port 8443, where verify_url asks it'):
        moved(root, 'Listen 443\n', 8443)


def test_a_port_that_somebody_else_has_is_refused_before_the_switch_and_one_of_the_frontend_in_force_is_not(root, monkeypatch):
    monkeypatch.setattr(_candidateweb._listeners, 'holder', lambda port: {'pid': 4711, 'name': 'wmc-httpd'})
    monkeypatch.setattr(_candidateweb._procfs, 'naming', lambda path: [4712])

    with pytest.raises(CrabError, match=r'it would listen on port 8443, which wmc-httpd \(process 4711\) has'):
        moved(root, SERVER % {'root': root})


def test_what_every_version_is_given_alike_is_that_of_the_one_in_force(root):
    (root / 'state/frontend/etc/options.txt').write_bytes(b'-DTEST\n')

    assert _candidateweb._in_force(str(root)) == IN_FORCE


def test_a_host_without_a_frontend_in_force_cannot_try_one(root):
    (root / 'state/frontend/server.conf').unlink()

    with pytest.raises(_candidateweb.Untried, match='server.conf, that of the one in force, tells no account'):
        _candidateweb._in_force(str(root))


@pytest.mark.parametrize('there, reason', [
    ([], 'there is no certificate to ask it with'),
    (['host'], r'\S+/host.pem is no certificate of a client: unsupported certificate purpose'),
])
def test_without_a_certificate_of_a_client_it_cannot_be_tried(tmp_path, monkeypatch, there, reason):
    for name in there:
        (tmp_path / (name + '.pem')).write_bytes(b'')
    monkeypatch.setattr(_candidateweb._service, 'host_certificate', lambda root: (str(tmp_path / 'host.pem'), str(tmp_path / 'host.pem')))
    monkeypatch.setattr(_candidateweb._x509, 'openssl', lambda arguments: (2, '', 'error 26 at 0 depth lookup: unsupported certificate purpose\n'))

    with pytest.raises(_candidateweb.Untried, match=reason):
        _candidateweb._client(str(tmp_path), 'HG2604a')


def test_the_maps_of_the_candidate_know_who_asks_and_those_of_the_host_do_not(root, monkeypatch):
    (root / 'state/frontend/etc/voms-gridmap.txt').write_bytes(b'"/CN=alice" cms\n')
    (root / 'state/frontend/etc/authmap.json').write_bytes(b'[\n {"DN": "/CN=alice", "LOGIN": "alice", "NAME": "A", "ROLES": {}}\n]\n')
    (root / '.candidate/state/frontend/etc').mkdir(parents=True)
    monkeypatch.setattr(_candidateweb._x509, 'read_certificate', lambda path: type('Certificate', (), {'subject': '/CN=vm/CN=4711'}))

    _candidateweb._make_maps(str(root), str(root / '.candidate'), '/hostcert.pem', 'crab-verify')

    etc = root / '.candidate/state/frontend/etc'
    assert (etc / 'voms-gridmap.txt').read_text() == '"/CN=alice" cms\n"/CN=vm" cms\n'
    assert '{"DN": "/CN=vm", "LOGIN": "crab-verify", "NAME": "crab-verify", "ROLES": {}}' in (etc / 'authmap.json').read_text()
    assert b'/CN=vm' not in (root / 'state/frontend/etc/authmap.json').read_bytes()


class Answer(object):
    certificate = 'PEM'

    def __init__(self, status):
        self.status = status


@pytest.fixture
def asked(monkeypatch):
    """What a frontend says to somebody it knows and to somebody without a certificate, and what is wrong with its own; to be changed."""
    said = {'known': {'json': {'result': []}, 'said': '200 OK'}, 'unknown': 403, 'fault': None}
    monkeypatch.setattr(_candidateweb._probe, 'insist', lambda params: said['known'])
    monkeypatch.setattr(_candidateweb._http, 'get', lambda url, **parameters: Answer(said['unknown']))
    monkeypatch.setattr(_candidateweb._x509, 'first_certificate', lambda content, name: content)
    monkeypatch.setattr(_candidateweb._x509, 'fault', lambda certificate, fqdn, now: said['fault'])
    return said


def test_one_that_knows_whom_to_let_in_is_good(asked):
    assert _candidateweb._ask(('/c', '/k'), 40001, REQUEST) is None


@pytest.mark.parametrize('change, complaint', [
    ({'unknown': 200}, 'it answers 200 to a request without a certificate, not 403'),
    ({'known': {'json': None, 'said': '200 <html>'}}, 'https://crab-vm.example.org:40001/crabserver/dev/info answers 200 <html>, which is no answer of a REST'),
    ({'fault': 'it expired at 2026-01-01'}, 'its certificate cannot serve: it expired at 2026-01-01'),
])
def test_one_that_lets_anybody_in_or_hands_nothing_to_a_rest_is_refused(asked, change, complaint):
    asked.update(change)

    with pytest.raises(CrabError, match=complaint):
        _candidateweb._ask(('/c', '/k'), 40001, REQUEST)


def test_one_that_ends_at_its_start_is_told_with_what_it_said(root):
    tree = root / '.candidate'
    for folder in ('logs/frontend', 'state/frontend/etc'):
        (tree / folder).mkdir(parents=True)
    (tree / 'state/frontend/etc/httpd').write_bytes(b'#!/bin/bash\necho "could not bind: $1"\n')
    (tree / 'state/frontend/etc/httpd').chmod(0o755)

    with pytest.raises(CrabError, match=r'it does not start \(0\): could not bind: start'):
        _candidateweb._start(str(root), str(tree), 1, 60)
