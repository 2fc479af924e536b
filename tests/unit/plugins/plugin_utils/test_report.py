# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report from canned results, and its page; with real hosts and in a browser: tests/integration/test_report.py."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.cmsweb.crab.plugins.filter.report_document import report_document
from ansible_collections.cmsweb.crab.plugins.filter.report_page import report_page
from ansible_collections.cmsweb.crab.plugins.plugin_utils import _report

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=timezone.utc)
TEMPLATE = Path(__file__).resolve().parents[4] / 'roles/report/templates/report.html.j2'
ALICE = '/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example'
HOSTILE = '<script>document.title = "taken"</script><img src=x onerror="alert(1)">"\'&{{ 7 * 7 }}'


def after(**distance: float) -> str:
    return (NOW + timedelta(**distance)).strftime('%Y-%m-%dT%H:%M:%SZ')


def proxy(hours: float, attributes: float) -> dict:
    return {'exists': True, 'identity': ALICE, 'fqans': ['/cms/Role=NULL/Capability=NULL'], 'not_after': after(hours=min(hours, attributes)),
            'timeleft_seconds': int(hours * 3600), 'ac_timeleft_seconds': int(attributes * 3600)}


def log(**more: object) -> dict:
    return {'requests': 12, 'first': '2026-11-25T11:00:00', 'last': '2026-11-25T11:59:00', 'statuses': {'200': 10, '404': 2}, 'starts': ['2026-11-25T10:00:00'],
            'errors': [], 'slowest': [], 'resources': [], 'users': [{'dn': ALICE, 'count': 12, 'failed': 2}], 'denied': [], **more}


def healthy(**more: object) -> dict:
    """What role report sees of a host that is well."""
    return {
        'reached': {'problems': [], 'python_managed': True},
        'settings': {'fqdn': 'crab-vm.example.org', 'instance': 'dev', 'days': '30', 'hours': '24', 'since': '24h'},
        'diagnose': {'healthy': True, 'findings': [], 'checks': ['services', 'backend']},
        'findings': [],
        'checks': ['services', 'backend', 'database', 'request'],
        'request': {'status': 200, 'cause': 'ok', 'said': '200 ok', 'json': {'result': [['v3.*', '3.3.1803.patch3']]}},
        'schema': {'account': {'name': 'CRAB_ALICE', 'status': 'OPEN', 'expires': '2027-03-01T00:00:00', 'tablespace': 'DATA01'}, 'driver': 'oracledb',
                   'server_version': '19.3', 'missing': [], 'drift': [], 'disorder': [], 'extra': [], 'quota': [],
                   'tables': [{'name': 'TASKS', 'rows': None, 'columns': 70, 'indexes': ['TASKNAME_PK'], 'partitioned_by': []}]},
        'plan': {},
        'software': {'current': 'HG1803f', 'replaces': None, 'trial': False, 'versions': [{'version': 'HG1803f'}], 'leftovers': [],
                     'packages': {'crabserver': '3.3.1803.patch3', 'pystack': ''}},
        'services': {'services': {'crabserver': {'running': True, 'version': '3.3.1803.patch3', 'status': 'RUNNING', 'started': 1795600000.0, 'stale': [],
                                                 'switched': False}}},
        'hostcert': {'subject': '/CN=crab-vm.example.org', 'not_after': after(days=200), 'good': True},
        'service': {'subject': ALICE + '/CN=1', 'not_after': after(hours=100), 'good': False},
        'service_proxy': proxy(100, 90),
        'proxy': proxy(100, 90),
        'static': {'settings': {'data.mode': 'cmsweb-dev', 'data.cert': {'expression': '__file__'}, 'data.workers': 3}, 'lines': {'data.mode': 4}},
        'external': {'era': 'keyed', 'modes': ['cmsweb-dev'], 'problems': [], 'content': {'cmsweb-dev': {'delegate-dn': ['/CN=tw']}}},
        'accounts': {'instances': {'dev': {'.title': 'Development', '*': {'user': 'crab_alice', 'dsn': 'devdb11', 'password_is_set': True}}}, 'problems': []},
        'users': {'exists': True, 'users': [{'login': 'alice', 'name': 'Alice', 'dn': ALICE, 'roles': {'operator': ['group:crab3']}},
                                            {'login': 'installer', 'name': 'Installer', 'dn': '', 'roles': {}}],
                  'not_in_gridmap': [''], 'not_in_authmap': [], 'problems': []},
        'log': log(),
        'frontend_log': log(),
        **more,
    }


def host(seen: dict) -> dict:
    return _report.document({'crab-vm.example.org': seen}, NOW)['hosts'][0]


def page(document: dict) -> str:
    return report_page(document, TEMPLATE.read_text())


def test_a_healthy_host_is_healthy() -> None:
    one = host(healthy())

    assert (one['state'], one['unread'], one['findings']) == ('healthy', [], [])
    assert [(answer['short'], answer['good'], answer['answer']) for answer in one['health']] == [
        ('crabserver', True, 'It answers, and so does its database.'), ('frontend', True, '200: v3.*, 3.3.1803.patch3')]
    assert one['software']['packages'] == {'crabserver': '3.3.1803.patch3'}
    assert [(user['login'], user['lets_in'], user['roles']) for user in one['users']['users']] == [
        ('alice', True, ['operator in group:crab3']), ('installer', False, [])]
    assert one['configuration']['accounts'] == [{'instance': 'dev', 'method': '*', 'user': 'crab_alice', 'dsn': 'devdb11'}]


def test_what_ends_is_told_once_with_what_ends_first_on_top() -> None:
    told = _report.document({'a': healthy(), 'b': healthy(hostcert={'subject': '/CN=b', 'not_after': after(days=-3.5)})}, NOW)['expiries']

    assert [(one['host'], one['what'], one['left'], one['state']) for one in told] == [
        ('b', 'Host certificate', 'ended 3 days ago', 'ended'),
        ('a', 'VOMS attributes of the proxy of crabserver', 'in 3 days', 'good'),
        ('b', 'VOMS attributes of the proxy of crabserver', 'in 3 days', 'good'),
        ('a', 'Proxy of crabserver', 'in 4 days', 'good'),
        ('b', 'Proxy of crabserver', 'in 4 days', 'good'),
        ('a', 'Database password', 'in 95 days', 'good'),
        ('b', 'Database password', 'in 95 days', 'good'),
        ('a', 'Host certificate', 'in 200 days', 'good'),
    ]
    assert told[1]['ends'] == after(hours=90) and told[3]['ends'] == after(hours=100)


@pytest.mark.parametrize(('ends', 'state'), [({'days': 31}, 'good'), ({'days': 29}, 'soon'), ({'seconds': -1}, 'ended')])
def test_the_threshold_of_certificates_is_in_days(ends: dict, state: str) -> None:
    one = host(healthy(hostcert={'subject': '/CN=a', 'not_after': after(**ends)}))

    assert one['expiries'][0]['state'] == state
    assert one['state'] == ('healthy' if state == 'good' else 'attention')


@pytest.mark.parametrize(('hours', 'state'), [(25, 'good'), (23, 'soon'), (-1, 'ended')])
def test_the_threshold_of_proxies_is_in_hours(hours: float, state: str) -> None:
    one = host(healthy(service_proxy=proxy(hours, 90)))

    assert one['expiries'][1]['state'] == state


def test_a_certificate_of_crabserver_that_is_the_host_s_is_told_once_and_a_service_proxy_of_its_own_is_told() -> None:
    same = healthy()['hostcert']

    one = host(healthy(service=same, service_proxy={'skipped': True}))
    other = host(healthy(service={'subject': '/CN=other', 'not_after': after(days=90)}, service_proxy={'skipped': True}, proxy={'exists': False}))

    assert [end['what'] for end in one['expiries']] == ['Host certificate', 'Service proxy', 'VOMS attributes of the service proxy', 'Database password']
    assert [end['what'] for end in other['expiries']] == ['Host certificate', 'Certificate of crabserver', 'Database password']


def test_a_password_without_an_end_is_told_as_such() -> None:
    schema = healthy()['schema']

    one = host(healthy(schema=dict(schema, account=dict(schema['account'], expires=None))))

    assert one['expiries'][-1] == {'what': 'Database password', 'whose': 'CRAB_ALICE', 'ends': None, 'left': 'does not end', 'days_left': None, 'state': 'good',
                                   'position': None}


@pytest.mark.parametrize('reached', [
    {'unreachable': True, 'msg': 'ssh:  No route\nto host'}, {'failed': True, 'msg': 'ssh: No route to host'},
    {'failed': True, 'msg': '1 problem:\n- ssh: No route to host', 'problems': ['ssh: No route to host'], 'python_managed': None}])
def test_a_host_that_is_down_is_told_with_the_reason(reached: dict) -> None:
    document = _report.document({'down.example.org': {'reached': reached}, 'crab-vm.example.org': healthy()}, NOW)

    assert [(one['name'], one['state'], one['reason']) for one in document['hosts']] == [
        ('down.example.org', 'down', 'ssh: No route to host'), ('crab-vm.example.org', 'healthy', '')]
    assert document['counts'] == {'healthy': 1, 'attention': 0, 'faulty': 0, 'down': 1}
    assert 'Not reached' in page(document)


def test_a_host_of_which_nothing_came_back_is_down_as_well() -> None:
    assert host({})['reason'] == 'Nothing is known of the host.'


@pytest.mark.parametrize('source', [*_report.ALWAYS, *_report.SOMETIMES])
def test_a_source_that_fails_is_told_and_the_rest_is_there(source: str) -> None:
    document = _report.document({'a': healthy(**{source: {'failed': True, 'msg': 'no <such> file'}})}, NOW)

    one = document['hosts'][0]
    assert one['unread'] == [{'source': {**_report.ALWAYS, **_report.SOMETIMES}[source], 'reason': 'no <such> file'}]
    assert one['state'] == 'attention'
    assert 'no &lt;such&gt; file' in page(document)


@pytest.mark.parametrize('source', _report.ALWAYS)
def test_a_source_without_a_result_is_told(source: str) -> None:
    assert host(healthy(**{source: {}}))['unread'] == [{'source': _report.ALWAYS[source], 'reason': 'It gave no result.'}]


def test_findings_make_a_host_faulty_and_are_told_with_their_remedies() -> None:
    finding = {'check': 'backend', 'cause': 'password_expired', 'found': 'ORA-28001', 'remedy': 'Change it.', 'files': []}

    document = _report.document({'a': healthy(findings=[finding])}, NOW)

    one = document['hosts'][0]
    assert (one['state'], one['findings'], one['health'][0]['answer']) == ('faulty', [finding], 'ORA-28001')
    assert 'Change it.' in page(document)


def test_drift_is_told_with_the_statements_that_would_cure_it() -> None:
    step = {'object': 'TASKS', 'reason': 'the column TM_JOB_ARCH is missing', 'risk': 'metadata only', 'rows': 1200, 'sql': 'ALTER TABLE TASKS ADD (A NUMBER)'}

    document = _report.document({'a': healthy(schema=dict(healthy()['schema'], drift=['TASKS: a'], missing=['JOBS']), plan={'plan': [step]})}, NOW)

    assert document['hosts'][0]['schema']['differs'] == ['JOBS is missing', 'TASKS: a']
    assert '-- TASKS: the column TM_JOB_ARCH is missing (metadata only, about 1200 rows)\nALTER TABLE TASKS ADD (A NUMBER);\n' in page(document)


def test_a_decision_that_the_update_needs_is_told() -> None:
    document = _report.document({'a': healthy(plan={'failed': True, 'msg': 'TASKS.A: name it in drop.', 'plan': []})}, NOW)

    assert document['hosts'][0]['schema']['decision'] == 'TASKS.A: name it in drop.'
    assert 'A decision is needed first.' in page(document)


def test_secrets_are_masked_by_their_key_and_by_their_look() -> None:
    key = '-----BEGIN PRIVATE KEY-----\nMIIsecret\n-----END PRIVATE KEY-----'
    errors = [{'error': f'read {key} of https://alice:hunter2@db.example.org/x', 'count': 1, 'first': 't', 'last': 't', 'where': None}]

    text = json.dumps(_report.document({'a': healthy(
        static={'settings': {'data.s3_secret_key': 'hunter3', 'data.token': 'hunter4'}, 'lines': {}},
        external={'era': 'keyed', 'modes': [], 'problems': [], 'content': {'m': [{'password': 'hunter5', 'passwords': 7}]}}, log=log(errors=errors))}, NOW))

    assert not any(secret in text for secret in ('hunter', 'MIIsecret'))
    assert 'read ******** of https://********@db.example.org/x' in text


class Elements(HTMLParser):
    """Names of the elements, their attributes, and the text outside of style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.text = ''
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_of_a_hundred_thousand_users_the_page_has_the_numbers_and_some_and_the_data_all() -> None:
    many = [{'login': f'user{number}', 'name': f'User {number}', 'dn': f'/CN=user{number}', 'roles': {}} for number in range(100_000)]
    others = [f'/CN=other{number}' for number in range(30)]
    seen = healthy(users={'exists': True, 'users': many, 'not_in_gridmap': [user['dn'] for user in many[400:]], 'not_in_authmap': others,
                          'problems': [f'problem {number}' for number in range(12)]})

    started = time.process_time()
    document = _report.document({'a': seen}, NOW)
    text = page(document)
    seconds = time.process_time() - started

    users = document['hosts'][0]['users']
    assert (len(users['users']), users['lets_in'], users['without_login']) == (100_000, 400, others)
    assert '100000 users, of whom 400 let in' in text and '<code>/CN=user499</code>' in text and '/CN=user500<' not in text
    for number, key in ((99_500, 'users'), (10, 'without_login'), (2, 'problems')):
        assert f'{number} more: all of them are in the JSON file beside this page, as <code>users.{key}</code>' in text
    assert len(text) < 400_000 and seconds < 120, seconds


def test_what_does_not_exceed_the_page_is_there_as_a_whole() -> None:
    assert ' more: all of them' not in page(_report.document({'a': healthy()}, NOW))


def test_with_names_the_variables_of_hosts_are_taken_as_they_are() -> None:
    class Hostvars:
        @staticmethod
        def raw_get(name: str) -> dict:
            return {'report_seen': {**healthy(), 'users': {}}, 'report_users_result': healthy()['users']} if name == 'a' else {}

    hosts = report_document(Hostvars(), 'Ours', ['a', 'b'], NOW)['hosts']

    assert [(one['name'], one['state']) for one in hosts] == [('a', 'healthy'), ('b', 'down')]
    assert [user['login'] for user in hosts[0]['users']['users']] == ['alice', 'installer']
    assert [one['line'] for one in hosts] == ['a: healthy', 'b: not reached: Nothing is known of the host.']


def test_a_host_of_which_a_package_is_not_installed_has_its_page_and_so_have_the_others() -> None:
    nothing = {'current': '', 'versions': [], 'packages': {}, 'leftovers': []}

    written = page(_report.document({'virgin': healthy(software=nothing), 'a': healthy()}, NOW))

    assert 'crabserver 3.3.1803.patch3' in written and 'data-host="virgin"' in written


def hostile(value: object) -> object:
    """The same with hostile texts at the end of all texts that are no times and no names of states."""
    if isinstance(value, dict):
        return {key: inner if key in ('expires', 'not_after', 'days', 'hours', 'cause', 'check') else hostile(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner) for inner in value]
    return value + HOSTILE if isinstance(value, str) else value


def test_hostile_texts_are_text_wherever_they_come() -> None:
    finding = {'check': 'users', 'cause': 'cron', 'found': 'x', 'remedy': 'y', 'files': []}
    seen = healthy(findings=[finding], plan={'plan': [{'object': 'T', 'reason': 'r', 'risk': 'k', 'rows': 1, 'sql': 's'}]},
                   log=log(errors=[{'error': 'e', 'count': 1, 'first': 't', 'last': 't', 'where': 'w'}], denied=[{'dn': 'd', 'count': 1, 'last': 't'}],
                           slowest=[{'request': 'GET /', 'status': 200, 'seconds': 0.1, 'dn': 'd', 'time': 't', 'client': 'c'}]))
    names = {'a' + HOSTILE: hostile(seen), 'b' + HOSTILE: {'reached': {'unreachable': True, 'msg': HOSTILE}}}

    written = Elements(page(_report.document(names, NOW, HOSTILE)))

    assert {tag for tag, attributes in written.elements} & {'script', 'img'} == set()
    assert not any(name.startswith('on') for tag, attributes in written.elements for name in attributes)
    assert written.text.count('<script>') > 40 and '{{ 7 * 7 }}' in written.text


def test_the_page_fetches_nothing() -> None:
    written = Elements(page(_report.document({'a': healthy()}, NOW, 'Ours')))

    links = {attributes[name] for tag, attributes in written.elements for name in ('href', 'src', 'data', 'action') if name in attributes}
    policy = next(attributes['content'] for tag, attributes in written.elements if attributes.get('http-equiv') == 'Content-Security-Policy')
    assert links == {'data:,', '#main', '#hosts', '#ends', '#host-1'}
    assert policy.startswith("default-src 'none'; ")


@pytest.mark.parametrize(('seconds', 'text'), [
    (0, 'in 0 minutes'), (60, 'in 1 minute'), (7199, 'in 119 minutes'), (7200, 'in 2 hours'), (172799, 'in 47 hours'), (172800, 'in 2 days'),
    (-61, 'ended 1 minute ago'), (-864000, 'ended 10 days ago')])
def test_the_time_that_is_left_in_words(seconds: float, text: str) -> None:
    assert _report.left(seconds) == text


def test_the_time_axis_grows_from_the_past_over_now_to_the_farthest_and_not_beyond() -> None:
    places = [_report.position(days) for days in (-4000, -30, -1, 0, 1, 30, 400, 4000)]

    assert places == sorted(places) and (places[0], places[1], places[3], places[6], places[7]) == (0, 0, 10, 100, 100)


def test_the_page_is_never_taken_for_a_template_again() -> None:
    written = page(_report.document({'a': healthy()}, NOW, '{{ 7 * 7 }}'))

    assert Templar(DataLoader()).template(written) == written and '<h1>{{ 7 * 7 }}</h1>' in written


def test_a_template_that_names_what_is_not_there_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="report_page: 'dict object' has no attribute 'nosuch'"):
        report_page({'time': ''}, '{{ report.nosuch }}')
