# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What role report writes, made of what its sources returned: plain data, the same for the page and for the JSON.

A source that failed is told as such, with its reason; nothing that a host returns can make the report of the others fail.
"""

from __future__ import annotations

import json
import math
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import jinja2

Result = dict[str, Any]

STATES = {'healthy': 'Healthy', 'attention': 'Needs attention', 'faulty': 'Faulty', 'down': 'Not reached'}
# What is expected of every host; the others depend on what is set.
ALWAYS = {'diagnose': 'diagnosis', 'software': 'versions', 'services': 'services', 'hostcert': 'host certificate', 'service': 'certificate of crabserver',
          'proxy': 'service proxy', 'static': 'config.py', 'accounts': 'database accounts', 'log': 'log of crabserver', 'frontend_log': 'log of the frontend'}
SOMETIMES = {'request': 'request through the frontend', 'schema': 'database schema', 'plan': 'statements for the schema',
             'service_proxy': 'VOMS attributes of crabserver', 'external': 'external configuration', 'users': 'who may log in'}
MASK = '********'
SECRET_KEY = re.compile(r'passw|secret|token|access_key', re.IGNORECASE)
SECRET_TEXT = re.compile(r'-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)', re.DOTALL)
# The time axis: logarithmic from now on, and a little of what has passed, in percent of its width.
NOW, LONGEST_PAST, LONGEST = 10.0, 30.0, 400.0
TICKS = (('now', 0), ('day', 1), ('week', 7), ('month', 30), ('3 months', 91), ('year', 365))
DAY = 86400.0


def document(hosts: dict[str, Result], now: datetime, title: str = '') -> Result:
    """The report.

    :param hosts: host name to what was seen of it, by source.
    :param now: the present, in UTC.
    """
    reports = [_clean(_host(name, seen or {}, now)) for name, seen in hosts.items()]
    for number, report in enumerate(reports, 1):
        report.update(anchor=f'host-{number}', line=_line(report))
    expiries = [dict(one, host=report['name'], anchor=report['anchor']) for report in reports for one in report['expiries']]
    return {
        'title': title,
        'time': now.strftime('%Y-%m-%dT%H:%M:%SZ'),
        'counts': {state: sum(report['state'] == state for report in reports) for state in STATES},
        'hosts': reports,
        'expiries': sorted(expiries, key=lambda one: (one['ends'] is None, one['ends'] or '', one['host'], one['what'])),
        'ticks': [{'text': text, 'position': position(days)} for text, days in TICKS],
    }


def page(report: Result, template: str) -> str:
    """A template rendered with the report. Every value is escaped, which Ansible's own templates cannot do."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    return environment.from_string(template).render(report=report)


def _line(report: Result) -> str:
    """A host for the terminal."""
    causes, sources = ', '.join(one['cause'] for one in report['findings']), ', '.join(one['source'] for one in report['unread'])
    return f"{report['name']}: " + ': '.join(filter(None, [report['word'].lower(), causes, report['reason']])) + (f'; not read: {sources}' if sources else '')


def _host(name: str, seen: Result, time: datetime) -> Result:
    reached, settings = seen.get('reached') or {}, seen.get('settings') or {}
    report: Result = {'name': name, 'fqdn': settings.get('fqdn', name), 'instance': settings.get('instance', ''), 'reason': '', 'play': '', 'unread': [],
                      'findings': [], 'checks': [], 'expiries': [], 'software': None, 'services': [], 'health': [], 'schema': None, 'users': None,
                      'configuration': None, 'log': None, 'frontend_log': None}
    if not reached.get('python_managed'):   # what preflight returns
        return dict(report, state='down', word=STATES['down'], reason=_reason(reached) or 'Nothing is known of the host.')
    report.update({
        'play': _good(seen, 'play').get('said', ''),
        'unread': _unread(seen),
        'findings': [{key: one.get(key) for key in ('check', 'cause', 'found', 'remedy', 'files')} for one in seen.get('findings') or []],
        'checks': seen.get('checks') or [],
        'expiries': _expiries(seen, settings, time),
        'software': _software(_good(seen, 'software')),
        'services': [dict(_service(state), name=service) for service, state in sorted(_good(seen, 'services').get('services', {}).items())],
        'health': _health(seen, settings),
        'schema': _schema(seen),
        'users': _users(_good(seen, 'users')),
        'configuration': _configuration(seen),
        'log': _log(_good(seen, 'log'), settings),
        'frontend_log': _log(_good(seen, 'frontend_log'), settings),
    })
    state = 'faulty' if report['findings'] else 'attention' if report['unread'] or any(one['state'] != 'good' for one in report['expiries']) else 'healthy'
    return dict(report, state=state, word=STATES[state])


def _good(seen: Result, source: str) -> Result:
    """What a source returned; empty if it failed or was not asked."""
    result = seen.get(source) or {}
    return {} if _failed(result) or result.get('skipped') else result


def _failed(result: Result) -> bool:
    return bool(result.get('failed') or result.get('unreachable'))


def _reason(result: Result) -> str:
    return ' '.join(str(' '.join(result.get('problems') or []) or result.get('msg') or '').split())[:2000]


def _unread(seen: Result) -> list[Result]:
    """The sources that failed. A missing result is that of a task that never came to its end."""
    failed = [{'source': title, 'reason': _reason(seen[source]) or 'It failed without a word.'}
              for source, title in {**ALWAYS, **SOMETIMES}.items() if _failed(seen.get(source) or {})]
    return failed + [{'source': title, 'reason': 'It gave no result.'} for source, title in ALWAYS.items() if not seen.get(source)]


# What ends when ---------------------------------------------------------------------------------------

def _expiries(seen: Result, settings: Result, time: datetime) -> list[Result]:
    days, hours = float(settings.get('days', 30)) * DAY, float(settings.get('hours', 24)) * 3600
    hostcert, service, used, proxy, schema = (_good(seen, source) for source in ('hostcert', 'service', 'service_proxy', 'proxy', 'schema'))
    found = [_expiry('Host certificate', hostcert.get('subject', ''), _end(hostcert.get('not_after')), days, time)]
    if used.get('exists'):
        found += _of_proxy('Proxy of crabserver', used, hours, time)
    elif service.get('subject') != hostcert.get('subject') or service.get('not_after') != hostcert.get('not_after'):
        found.append(_expiry('Certificate of crabserver', service.get('subject', ''), _end(service.get('not_after')), days, time))
    if proxy.get('exists') and any(proxy.get(key) != used.get(key) for key in ('not_after', 'identity')):
        found += _of_proxy('Service proxy', proxy, hours, time)
    if schema.get('account'):
        account = schema['account']
        found.append(_expiry('Database password', account.get('name', ''), _end(account.get('expires')), days, time, endless=True))
    return [one for one in found if one]


def _of_proxy(what: str, proxy: Result, hours: float, time: datetime) -> list[Result | None]:
    """The proxy and its attributes. not_after is the end of what ends first of the two."""
    seconds, attributes = proxy['timeleft_seconds'], proxy.get('ac_timeleft_seconds')
    ends = _moment(proxy['not_after']) - timedelta(seconds=seconds if attributes is None else min(seconds, attributes))
    return [_expiry(what, proxy.get('identity', ''), ends + timedelta(seconds=seconds), hours, time),
            _expiry(f'VOMS attributes of the {what[0].lower()}{what[1:]}', ', '.join(proxy.get('fqans') or []),
                    None if attributes is None else ends + timedelta(seconds=attributes), hours, time)]


def _expiry(what: str, whose: str, ends: datetime | None, threshold: float, time: datetime, endless: bool = False) -> Result | None:
    if ends is None:
        return {'what': what, 'whose': whose, 'ends': None, 'left': 'does not end', 'days_left': None, 'state': 'good', 'position': None} if endless else None
    seconds = (ends - time).total_seconds()
    return {'what': what, 'whose': whose, 'ends': ends.strftime('%Y-%m-%dT%H:%M:%SZ'), 'left': left(seconds), 'days_left': round(seconds / DAY, 1),
            'state': 'ended' if seconds < 0 else 'soon' if seconds < threshold else 'good', 'position': position(seconds / DAY)}


def _moment(text: str) -> datetime:
    return datetime.strptime(text.rstrip('Z'), '%Y-%m-%dT%H:%M:%S').replace(tzinfo=timezone.utc)


def _end(text: str | None) -> datetime | None:
    return _moment(text) if text else None


def left(seconds: float) -> str:
    """The time until an end, in words."""
    amount = abs(seconds)
    unit, size = ('day', DAY) if amount >= 2 * DAY else ('hour', 3600) if amount >= 2 * 3600 else ('minute', 60)
    number = int(amount // size)
    text = f'{number} {unit}' + ('' if number == 1 else 's')
    return f'in {text}' if seconds >= 0 else f'ended {text} ago'


def position(days: float) -> float:
    """Where a moment is on the time axis, in percent of its width."""
    if days < 0:
        return round(NOW - NOW * min(math.log1p(-days) / math.log1p(LONGEST_PAST), 1), 2)
    return round(NOW + (100 - NOW) * min(math.log1p(days) / math.log1p(LONGEST), 1), 2)


# Software, services, health ---------------------------------------------------------------------------

def _software(found: Result) -> Result | None:
    if not found:
        return None
    return {'current': found.get('current'), 'replaces': found.get('replaces'), 'trial': bool(found.get('trial')),
            'packages': dict(sorted((name, version) for name, version in (found.get('packages') or {}).items() if version)),
            'versions': [one['version'] for one in found.get('versions') or []], 'leftovers': found.get('leftovers') or []}


def _service(state: Result) -> Result:
    stale = f'older than {", ".join(state["stale"])}' if state.get('stale') else ''
    note = 'started by another version than the one in force' if state.get('switched') else stale
    return {'running': bool(state.get('running')), 'version': state.get('version') or '', 'status': state.get('status') or '', 'note': note,
            'started': datetime.fromtimestamp(state['started'], timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ') if state.get('started') else None}


def _health(seen: Result, settings: Result) -> list[Result]:
    """What was asked, and the answer in words. The backend is asked by the diagnosis, which tells only what is wrong."""
    diagnosis, request = _good(seen, 'diagnose'), _good(seen, 'request')
    faults = [one for one in seen.get('findings') or [] if one.get('check') == 'backend']
    running = _good(seen, 'services').get('services', {}).get('crabserver', {}).get('running', True)
    health = []
    if 'backend' in diagnosis.get('checks', []):
        answer = faults[0]['found'] if faults else 'It answers, and so does its database.' if running else 'It does not run, so it was not asked.'
        health.append({'short': 'crabserver', 'what': f'crabserver on the host, for /crabserver/{settings.get("instance", "")}/info',
                       'good': running and not faults, 'answer': answer})
    if request:
        good = request.get('cause') == 'ok'
        answer = f'{request.get("status")}: {_versions(request)}' if good else f'{request.get("said")} ({request.get("cause")})'
        health.append({'short': 'frontend', 'what': 'frontend, for the versions, with your certificate', 'good': good, 'answer': answer})
    return health


def _versions(request: Result) -> str:
    """What the REST says of the clients that it takes and of itself."""
    result = (request.get('json') or {}).get('result') if isinstance(request.get('json'), dict) else None
    return ', '.join(str(one) for one in (result[0] if result and isinstance(result[0], list) else result or []))


# Database, users, configuration, logs -----------------------------------------------------------------

def _schema(seen: Result) -> Result | None:
    found, plan = _good(seen, 'schema'), seen.get('plan') or {}
    if not found:
        return None
    steps = [{key: step.get(key) for key in ('object', 'risk', 'reason', 'rows', 'sql')} for step in plan.get('plan') or []]
    return {'account': found.get('account') or {}, 'server_version': found.get('server_version'), 'driver': found.get('driver'),
            'compared': 'drift' in found, 'differs': [f'{name} is missing' for name in found.get('missing') or []] + (found.get('drift') or []),
            'disorder': (found.get('disorder') or []) + (found.get('warnings') or []), 'extra': found.get('extra') or [],
            'tables': found.get('tables') or [], 'quota': found.get('quota') or [], 'plan': steps,
            'decision': _reason(plan) if _failed(plan) else '', 'left': plan.get('drift') or []}


def _users(found: Result) -> Result | None:
    if not found:
        return None
    outside = set(found.get('not_in_gridmap') or [])
    users = [{'login': user['login'], 'name': user['name'], 'dn': user['dn'], 'lets_in': bool(user['dn']) and user['dn'] not in outside,
              'roles': [f'{role} in {", ".join(scopes)}' for role, scopes in sorted((user.get('roles') or {}).items())]}
             for user in found.get('users') or []]
    return {'exists': bool(found.get('exists')), 'users': users, 'lets_in': sum(user['lets_in'] for user in users),
            'without_login': found.get('not_in_authmap') or [], 'problems': found.get('problems') or []}


def _configuration(seen: Result) -> Result:
    static, external, accounts = (_good(seen, source) for source in ('static', 'external', 'accounts'))
    lines = static.get('lines') or {}
    return {
        'settings': [{'key': key, 'value': _shown(value), 'line': lines.get(key)} for key, value in sorted(_masked(static.get('settings') or {}).items())],
        'external': {'era': external.get('era'), 'modes': external.get('modes') or [], 'problems': external.get('problems') or [],
                     'content': json.dumps(_masked(external.get('content')), indent=2, sort_keys=True, ensure_ascii=False)} if external else None,
        'accounts': [{'instance': name, 'method': method, 'user': account.get('user'), 'dsn': account.get('dsn')}
                     for name, instance in sorted((accounts.get('instances') or {}).items()) if isinstance(instance, dict)
                     for method, account in sorted(instance.items()) if isinstance(account, dict) and not method.startswith('.')],
        'problems': accounts.get('problems') or [],
    }


def _shown(value: Any) -> str:
    """A setting as config.py has it: what is no literal is its source."""
    if isinstance(value, dict) and list(value) == ['expression']:
        return str(value['expression'])
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _log(found: Result, settings: Result) -> Result | None:
    if not found:
        return None
    return {'since': settings.get('since', ''),
            **{key: found.get(key) for key in ('requests', 'first', 'last', 'statuses', 'starts', 'errors', 'slowest', 'resources', 'users', 'denied')}}


# Secrets ----------------------------------------------------------------------------------------------

def _masked(value: Any) -> Any:
    """Texts whose key says that they are secret; a configuration may have what its release does not know."""
    if isinstance(value, dict):
        return {key: MASK if isinstance(inner, str) and SECRET_KEY.search(str(key)) else _masked(inner) for key, inner in value.items()}
    return [_masked(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _clean(value: Any) -> Any:
    """What looks like a secret in any text, such as one that a log quotes."""
    if isinstance(value, dict):
        return {key: _clean(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(inner) for inner in value]
    return SECRET_TEXT.sub(MASK, value) if isinstance(value, str) else value
