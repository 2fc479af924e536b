# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An external configuration in the shape of another era: what goes where, and what has no place there any more."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.cmsweb.crab.plugins.module_utils import _external, _release
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_native

# Beside each mode in the era keyed, and once for all modes in the era modes.
_SHARED = ('compatible-version', 'banned-out-destinations', 'ign-locality-blacklist', 'delegate-dn')
# What moved to config.py.
_MOVED = {'delegate-dn': 'data.delegateDN', 'compatible-version': 'data.compatibleClientVersions', 'cacheSSL': 'data.s3_bucket'}
_NO_LINK = 'Name in schedds_link the URL at which the server will find the file of the schedds.'


def convert(value, release, mode=None, schedds=None, link=None):
    """The configuration for a release.

    :param value: a configuration without faults, of any era.
    :param mode: the mode whose value counts where the new era has one for all modes.
    :param schedds: the file behind the old htcondorScheddsLink, for the eras that have one.
    :param link: the new htcondorScheddsLink.
    :returns: dict(era, content or None, schedds or None, settings=keys of config.py, lost=list of sentences)
    :raises CrabError: for what cannot be made of it.
    """
    source, target = _external.detect(value), _release.era_of(release)
    if target == source or (target == 'both' and source in ('keyed', 'modes')):
        return {'era': target, 'content': value, 'schedds': schedds, 'settings': {}, 'lost': []}
    if source == 'rest' and target != 'none':
        raise CrabError('A configuration of the era rest holds no modes, so none of the era %s can be made of it.' % target, 'Write that one anew.')
    if source not in ('keyed', 'modes', 'rest'):
        raise CrabError('This is no external configuration of any era.', 'Name the file that the server reads.')
    whole = {'keyed': _from_keyed, 'modes': _from_modes, 'rest': _from_rest}[source](value, schedds)
    if mode is not None and mode not in whole['modes'] and source != 'rest':
        raise CrabError('mode: the configuration has no mode %s, but %s.' % (mode, ', '.join(sorted(whole['modes']))))
    result = {'keyed': _to_keyed, 'both': _to_keyed, 'modes': _to_modes, 'rest': _to_rest, 'none': _to_none}[target](whole, mode, link)
    settings = _settings(whole, mode, release)
    return dict({'schedds': None, 'content': None}, era=target, settings=settings, lost=_lost(whole, result.get('content'), settings, target), **result)


# Whatever the era: dict(modes={name: dict(urls, shared)}, schedds={name: object}), urls with htcondorSchedds as a list of names.

def _from_keyed(value, dummy):
    modes, schedds = {}, {}
    for name in sorted(value):
        urls = dict(value[name].get('backend-urls') or {})
        named = urls.get('htcondorSchedds') or {}
        for schedd in sorted(named) if isinstance(named, dict) else []:
            if schedds.setdefault(schedd, named[schedd]) != named[schedd]:
                raise CrabError('%s differs between the modes.' % to_native(schedd), 'Give it the same proxiedurl and weightfactor everywhere first.')
        urls['htcondorSchedds'] = sorted(named)
        modes[to_native(name)] = {'urls': urls, 'shared': dict((key, value[name][key]) for key in _SHARED if key in value[name])}
    return {'modes': modes, 'schedds': schedds}


def _from_modes(value, schedds):
    shared = dict((key, value[key]) for key in _SHARED if key in value)
    modes = dict((to_native(item['mode']), {'urls': dict(item['backend-urls'], htcondorPool=value['htcondorPool']), 'shared': shared})
                 for item in value['modes'])
    return {'modes': modes, 'schedds': schedds}


def _from_rest(value, schedds):
    return {'modes': {}, 'schedds': schedds}


def _to_keyed(whole, dummy, unused):
    if whole['schedds'] is None:
        raise CrabError('The era keyed has the schedds in the configuration itself.', 'Name the file behind htcondorScheddsLink in schedds_path.')
    content = {}
    for name in sorted(whole['modes']):
        mode = whole['modes'][name]
        urls = dict(mode['urls'])
        wanted = urls['htcondorSchedds'] or sorted(whole['schedds'])
        missing = [schedd for schedd in wanted if schedd not in whole['schedds']]
        if missing:
            raise CrabError('%s: the file of the schedds has no %s.' % (name, ', '.join(to_native(schedd) for schedd in missing)))
        urls['htcondorSchedds'] = dict((schedd, whole['schedds'][schedd]) for schedd in wanted)
        urls.setdefault('asoConfig', [{'couchURL': urls.get('baseURL', ''), 'couchDBName': 'filetransfers'}])
        content[name] = dict(mode['shared'], **{'backend-urls': urls})
    return {'content': content}


def _to_modes(whole, mode, link):
    if not link:
        raise CrabError('The era modes has the schedds in a file of their own.', _NO_LINK)
    content = {'modes': [], 'htcondorScheddsLink': link, 'htcondorPool': _one(whole, mode, 'urls', 'htcondorPool')}
    for key in _SHARED:
        found = _one(whole, mode, 'shared', key)
        if found is not None:
            content[key] = found
    for name in sorted(whole['modes']):
        urls = whole['modes'][name]['urls']
        content['modes'].append({'mode': name, 'backend-urls': dict(
            (key, urls[key]) for key in ('cacheSSL', 'baseURL', 'htcondorSchedds', 'asoConfig') if key in urls)})
    return {'content': content, 'schedds': whole['schedds']}


def _to_rest(whole, mode, link):
    if not link:
        raise CrabError('The era rest has the schedds in a file of their own.', _NO_LINK)
    names = _one(whole, mode, 'urls', 'htcondorSchedds')
    schedds = whole['schedds'] if whole['schedds'] is None or not names else dict((name, whole['schedds'].get(name, {})) for name in names)
    return {'content': {'htcondorPool': _one(whole, mode, 'urls', 'htcondorPool'), 'htcondorScheddsLink': link}, 'schedds': schedds}


def _to_none(dummy, unused, neither):
    return {}


def _one(whole, mode, part, key):
    """The value that the new era has once: that of the mode, or the one that all modes agree on; None if there is none."""
    values = [whole['modes'][name][part].get(key) for name in sorted(whole['modes']) if mode in (None, name)]
    if any(value != values[0] for value in values):
        raise CrabError('%s differs between the modes %s, and the new era has it once.' % (key, ', '.join(sorted(whole['modes']))),
                        'Name in mode the one whose value shall count.')
    return values[0] if values else None


def _settings(whole, mode, release):
    """What the release reads in config.py instead."""
    makers = {'delegateDN': lambda: '|'.join(to_native(text) for text in _one(whole, mode, 'shared', 'delegate-dn') or []),
              'compatibleClientVersions': lambda: _one(whole, mode, 'shared', 'compatible-version'),
              's3_bucket': lambda: _bucket(_one(whole, mode, 'urls', 'cacheSSL') or '')}
    found = dict(('data.%s' % key, make()) for key, make in makers.items() if whole['modes'] and _release.reads(release, key))
    return dict((key, value) for key, value in found.items() if value)


def _bucket(url):
    """The last part of the path, if the cache is S3: that is what the server itself made of it."""
    return to_native(url).rstrip('/').rsplit('/', 1)[-1] if 's3' in url.lower() else ''


def _lost(whole, content, settings, target):
    """What has no place in the new era."""
    kept = _keys(content) | set(old for old, new in _MOVED.items() if new in settings)
    had = set(['htcondorSchedds'] if whole['schedds'] else [])
    for mode in whole['modes'].values():
        had.update(mode['urls'], mode['shared'])
    if target == 'rest':
        kept.add('htcondorSchedds')     # in the file behind the link
    return ['%s has no place in the era %s.' % (key, target) for key in sorted(to_native(key) for key in had - kept)]


def _keys(value):
    """All keys of all objects in a value."""
    if isinstance(value, dict):
        return set(value).union(*[_keys(item) for item in value.values()])
    return set().union(*[_keys(item) for item in value]) if isinstance(value, list) else set()
