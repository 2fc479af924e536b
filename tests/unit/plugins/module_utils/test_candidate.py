"""A version that is tried beside the one in force: what needs neither accounts nor a server."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import signal
import subprocess
import sys

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _candidate
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

REQUEST = {'url': 'http://127.0.0.1:8270', 'path': '/crabserver/dev/info', 'login': 'crab-verify', 'timeout': 1, 'retries': 0}
TEMPLATE = b"""from WMCore.Configuration import Configuration
conf = Configuration()
main = conf.section_('main')
srv = main.section_('server')
main.port = 8270
"""
WMCORE = """
class Section(object):
    def section_(self, name):
        return self.__dict__.setdefault(name, Section())


class Configuration(Section):
    def listComponents_(self):
        return []
"""


@pytest.fixture(autouse=True)
def lock(tmp_path, monkeypatch):
    monkeypatch.setattr(_candidate, 'LOCK', str(tmp_path / 'lock'))


@pytest.fixture
def tree(tmp_path):
    """A version with its configuration, and nothing to run it."""
    folder = tmp_path / 'HG2604a' / 'config' / 'crabserver'
    folder.mkdir(parents=True)
    (tmp_path / 'HG2604a' / 'apps.sw').mkdir()
    (folder / 'config.py').write_bytes(TEMPLATE)
    return tmp_path


@pytest.mark.parametrize('line, complaint', [
    (b'main.port = 8299\n', r'main.port in \S+/config.py is 8299, and crabserver is asked on port 8270'),
    (b"srv.socket_host = '10.0.0.9'\n", r'srv.socket_host in \S+/config.py is 10.0.0.9, and crabserver is asked at 127.0.0.1'),
])
def test_a_version_that_would_listen_where_nobody_asks_is_refused(tree, line, complaint):
    path = tree / 'HG2604a' / 'config' / 'crabserver' / 'config.py'
    path.write_bytes(TEMPLATE + line)

    with pytest.raises(CrabError, match='HG2604a was tried beside the version in force, and will not do: ' + complaint):
        _candidate.try_out(str(tree), 'HG2604a', ['crabserver'], REQUEST, 1)

    assert not (tree / '.candidate').exists()


@pytest.mark.parametrize('line', [b'', b"srv.socket_host = '127.0.0.1'\n", b"srv.socket_host = '0.0.0.0'\n", b'main.port = int(text)\n'])
def test_one_that_listens_there_or_does_not_say_is_tried(tree, line):
    path = tree / 'HG2604a' / 'config' / 'crabserver' / 'config.py'
    path.write_bytes(TEMPLATE + line)

    assert _candidate._refuse_other_place(str(path), REQUEST['url']) is None


def test_a_version_that_is_not_there_is_named(tree):
    with pytest.raises(CrabError, match='HG2206b is not installed in .* Run the stages deploy and config first'):
        _candidate.try_out(str(tree), 'HG2206b', ['crabserver'], REQUEST, 1)


def test_services_that_the_version_has_not_are_left_out(tree):
    assert _candidate.try_out(str(tree), 'HG2604a', ['crabcache'], REQUEST, 1) == {'seconds': {}, 'untried': {}}


def test_what_is_added_to_the_copy_of_config_py_moves_it_whatever_its_sections_are_called(tmp_path):
    (tmp_path / 'WMCore').mkdir()
    (tmp_path / 'WMCore' / '__init__.py').write_text(u'')
    (tmp_path / 'WMCore' / 'Configuration.py').write_text(u'' + WMCORE)
    content = TEMPLATE.replace(b'conf.', b'settings.').replace(b'conf =', b'settings =').replace(b'srv', b'web')
    (tmp_path / 'config.py').write_bytes(content + (_candidate.OTHER_PLACE % 45678).encode('ascii'))

    said = subprocess.check_output([sys.executable, '-c', 'import config; print("%d %s" % (config.main.port, config.web.socket_host))'],
                                   cwd=str(tmp_path), env=dict(os.environ, PYTHONPATH=str(tmp_path)))

    assert said.split() == [b'45678', b'127.0.0.1']


@pytest.mark.parametrize('record, apps', [
    ('{"repository": "comp"}', 'apps.sw'), ('{"repository": "comp.pre"}', 'apps.sw.pre'), ('{"repository": "https://github.com/dmwm/CRABServer.git"}', 'apps'),
])
def test_the_packages_are_those_that_the_version_will_have(tree, record, apps):
    (tree / 'HG2604a' / '.cmsweb-crab.json').write_text(u'' + record)

    assert _candidate._apps(str(tree / 'HG2604a')) == apps


def left_running(tree):
    (tree / 'state').mkdir(parents=True)
    return subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', '-d', str(tree / 'state' / 'crabserver')])


def test_what_a_candidate_left_running_is_ended_with_its_tree(tmp_path):
    tree = tmp_path / '.candidate'
    left = left_running(tree)

    with _candidate._ended(str(tree)):
        assert left.wait() == -signal.SIGTERM
        tree.mkdir()

    assert not tree.exists()


def test_nothing_is_left_of_a_trial_that_is_killed_and_the_next_one_waits_for_that(tmp_path):
    tree = tmp_path / '.candidate'
    trial = os.fork()
    if trial == 0:
        with _candidate._ended(str(tree)):
            left_running(tree)
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(trial, 0)

    with _candidate._ended(str(tree)):
        assert subprocess.call(['pgrep', '-f', str(tree / 'state') + '/']) == 1
        assert not tree.exists()
