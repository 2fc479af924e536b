# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The external configuration of the CRAB REST: a JSON file in one of four shapes, checked key by key.

    keyed    {mode: {...}}                          CRABServer up to 3.3.2004
    both     keyed, or modes if the key is there    up to 2021
    modes    flat, with the list `modes`            up to v3.250908
    rest     two keys                               up to v3.251119
    schedds  the file behind htcondorScheddsLink of modes and rest
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.cmsweb.crab.plugins.module_utils import _release, _strictjson
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import text_type, to_native, to_text

ERAS = ('keyed', 'both', 'modes', 'rest', 'schedds')

_HOST = r'[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?'
_URL = re.compile(r'https?://(?:%s|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?(?:[/?#][^\s]*)?\Z' % _HOST)
_SCHEDD = re.compile(r'crab3[-\w.]*@%s\Z' % _HOST)
_COLLECTOR = re.compile(r'%s(?::[0-9]+)?\Z' % _HOST)
_SITES = re.compile(r'(?:\*|T[0-9*?][A-Za-z0-9_*?-]*)\Z')
_MODE = re.compile(r'[A-Za-z0-9_.-]+\Z')
_PLAIN_KEY = re.compile(r'[A-Za-z0-9_-]+\Z')
_NUMBERS = tuple({int, type(2 ** 80), float})
_REVISION = re.compile(r'(?<=[/=])[0-9a-f]{40}(?=[/;&?#]|\Z)')

# Only calls that nobody needs to submit a task fail without these, so they are missed with a warning.
_RECOMMENDED = {'banned-out-destinations': '/info?subresource=bannedoutdest answers 500 without it; [] bans nothing'}


def era_for(release=None, era=None, content=None):
    """The era that counts: the one that is named, else that of the release, else the one that the content has the shape of.

    :raises CrabError: if the release reads another one, or none at all.
    """
    if not release:
        return era or detect(content) or 'keyed'
    read = _release.era_of(release)
    if read == 'none':
        raise CrabError('CRABServer %s reads no external configuration.' % release,
                        'Put data.delegateDN, data.compatibleClientVersions and data.s3_bucket into config.py instead.')
    if era not in (None, read, 'schedds') and not (read == 'both' and era in ('keyed', 'modes')):
        raise CrabError('era: CRABServer %s reads the era %s, not %s.' % (release, read, era), 'Leave era out, or name the release that is deployed.')
    return era or read


def unknown_schedds(content, schedds):
    """Faults of a configuration with modes against the file behind its htcondorScheddsLink: the server takes each name from there."""
    faults = []
    for index, item in enumerate(content.get('modes') or []):
        urls = item.get('backend-urls') if isinstance(item, dict) else None
        for name in (urls.get('htcondorSchedds') if isinstance(urls, dict) else None) or []:
            if name not in schedds:
                faults.append('modes[%d].backend-urls.htcondorSchedds: %s is not in the file behind htcondorScheddsLink; the server would not start.'
                              % (index, to_native(name)))
    return faults


def pinned_revision(url):
    """What is wrong with a raw link of gist, GitHub or GitLab that names one revision, as a sentence; None if it names none."""
    found = _REVISION.search(to_native(url))
    if not found:
        return None
    before, after = url[:found.start()], url[found.end():]
    if re.match(r'https?://gist\.', url):
        cure = 'Take the link without it: %s' % masked_url(before + after.lstrip('/'))
    else:
        cure = 'Put the name of the branch in its place: %s' % masked_url('%sBRANCH%s' % (before, after))
    return 'The link names the revision %s, so the server would never see a change of the file. %s' % (found.group(), cure)


def validate(content, era='keyed'):
    """All faults of a configuration, each a sentence that starts with the JSON path; an empty list if there is none.

    :param content: the value of the JSON document.
    :param era: one of ERAS.
    """
    errors, unknown, dummy = examine(content, era)
    return errors + unknown


def faults(content, era=None, mode=None):
    """All faults of a file that is there, of the era or, with None or none, of the one that it has the shape of; the mode must be in it."""
    found = validate(content, era if era not in (None, 'none') else detect(content) or 'keyed')
    known = mode_names(content)
    if known and mode is not None and mode not in known:
        found.append('There is no mode %s, but %s: the server would not start.' % (mode, ', '.join(known)))
    return found


def examine(content, era='keyed'):
    """(errors, unknown keys, warnings), three lists of sentences."""
    check = _Check()
    {'keyed': check.keyed, 'both': check.both, 'modes': check.flat, 'rest': check.rest, 'schedds': check.schedds_file}[era](content)
    return check.errors, check.unknown, check.warnings


def load(content, name, era='keyed'):
    """The value of an existing file that has the shape of this era.

    :raises CrabError: with line and column, for what is no JSON, has duplicate keys or is of another era.
    """
    value, places = _strictjson.load(content, name)
    wrong = _wrong_era(value, era)
    if wrong:
        key, message = wrong
        raise CrabError('%s, line %d, column %d: %s.' % ((name,) + places[key] + (message,)),
                        'Choose the era that the CRABServer release reads, or remove the file; nothing was changed.')
    return value


def detect(value):
    """The era that a value has the shape of; None if it has none's."""
    if not isinstance(value, dict):
        return None
    if 'modes' in value:
        return 'modes'
    if 'htcondorScheddsLink' in value:
        return 'rest'
    if value and all('@' in key for key in value):
        return 'schedds'
    return 'keyed' if all(isinstance(item, dict) for item in value.values()) else None


def mode_names(value):
    """The modes that a configuration holds, sorted; none for the shapes without modes."""
    era = detect(value)
    if era == 'keyed':
        return sorted(to_native(key) for key in value)
    return sorted(to_native(item['mode']) for item in value['modes'] if 'mode' in item) if era == 'modes' else []


def merged(old, content):
    """The configuration with content put into what is there: modes and top keys that are not named stay."""
    result = _text_keys(old)
    result.update(_text_keys(content))
    if isinstance(old.get('modes'), list) and isinstance(content.get('modes'), list):
        ours = dict((item['mode'], item) for item in content['modes'])
        kept = [ours.pop(item['mode'], item) if isinstance(item, dict) and 'mode' in item else item for item in old['modes']]
        result['modes'] = kept + [item for item in content['modes'] if item['mode'] in ours]
    return result


def same(one, other):
    """True if both would be written with the same bytes."""
    return _strictjson.dump(one) == _strictjson.dump(other)


def masked_url(url):
    """A URL without the password that it may carry."""
    return re.sub(r'//[^/\s]*@', '//********@', url)


def _text_keys(value):
    return dict((to_text(key), item) for key, item in value.items())


def _wrong_era(value, era):
    """(path, message) of what shows another era, or None."""
    if not isinstance(value, dict):
        return (), 'expected an object, as every era has'
    found = detect(value)
    allowed = {'both': ('keyed', 'modes')}.get(era, (era,))
    if not value or found in allowed:
        return None
    key = {'modes': 'modes', 'rest': 'htcondorScheddsLink'}.get(found)
    if key:
        return (key,), 'the key %s belongs to the era %s, not to %s' % (key, found, era)
    if era in ('keyed', 'both'):
        key = next(key for key in sorted(value) if not isinstance(value[key], dict) or found == 'schedds')
        return (key,), 'the key %s is not a mode with an object, as the era %s has' % (to_native(key), era)
    return (), 'the file has not the shape of the era %s%s' % (era, ', but of the era %s' % found if found else '')


class _Check(object):
    """Walks a configuration and notes what is wrong."""

    def __init__(self):
        self.errors, self.unknown, self.warnings = [], [], []

    # The shapes

    def keyed(self, value):
        if not self._object(value, '', 'an object with one key for each mode'):
            return
        if 'modes' in value:
            self.errors.append('modes: this key belongs to the era modes; the era keyed has one object for each mode.')
            return
        if not value:
            self.errors.append('The configuration is empty: expected one key for each mode, such as cmsweb-dev.')
        for mode in sorted(value, key=_name):
            path = _join('', mode)
            self._mode_name(mode, path)
            if self._object(value[mode], path, 'the object of a mode'):
                self._settings(value[mode], path, self._keyed_urls)

    def both(self, value):
        (self.flat if isinstance(value, dict) and 'modes' in value else self.keyed)(value)

    def flat(self, value):
        if self._object(value, '', 'an object with the key modes'):
            self._settings(value, '', None, {'htcondorPool': self._pool, 'htcondorScheddsLink': self._link, 'modes': self._modes}, delegate_needed=False)

    def rest(self, value):
        if self._object(value, '', 'an object with htcondorPool and htcondorScheddsLink'):
            self._keys(value, '', {'htcondorPool': self._pool, 'htcondorScheddsLink': self._link})

    def schedds_file(self, value):
        if self._object(value, '', 'an object with one key for each schedd'):
            self._schedds_object(value, '')

    # Groups of keys

    def _settings(self, value, path, urls, more=None, delegate_needed=True):
        needed = {'compatible-version': self._versions}
        if urls:
            needed['backend-urls'] = urls
        needed.update(more or {})
        optional = {'banned-out-destinations': self._sites, 'ign-locality-blacklist': self._sites}
        (needed if delegate_needed else optional)['delegate-dn'] = self._delegates
        self._keys(value, path, needed, optional)
        for key in sorted(_RECOMMENDED):
            if key not in value:
                self.warnings.append('%s is missing: %s.' % (_join(path, key), _RECOMMENDED[key]))

    def _keyed_urls(self, value, path):
        if not self._object(value, path, 'an object'):
            return
        aso = 'ASOURL' if 'ASOURL' in value and 'asoConfig' not in value else 'asoConfig'
        self._keys(value, path, {'cacheSSL': self._url, 'baseURL': self._url, 'htcondorSchedds': self._schedds, 'htcondorPool': self._pool,
                                 aso: self._old_aso if aso == 'ASOURL' else self._aso}, {'ASOURL': self._old_aso})

    def _modes(self, value, path):
        if not self._list(value, path, 'objects with mode and backend-urls', empty=False):
            return
        seen = set()
        for index, item in enumerate(value):
            place = '%s[%d]' % (path, index)
            if not self._object(item, place, 'an object with mode and backend-urls'):
                continue
            self._keys(item, place, {'mode': self._mode_name, 'backend-urls': self._flat_urls})
            mode = item.get('mode')
            if isinstance(mode, (bytes, text_type)) and mode in seen:
                self.errors.append('%s.mode: %s occurs twice in modes; the server takes the first.' % (place, to_native(mode)))
            seen.add(to_text(mode) if isinstance(mode, (bytes, text_type)) else None)

    def _flat_urls(self, value, path):
        if self._object(value, path, 'an object'):
            self._keys(value, path, {'cacheSSL': self._url, 'baseURL': self._url, 'htcondorSchedds': self._schedd_list}, {'asoConfig': self._aso})

    def _keys(self, value, path, needed, optional=None):
        known = dict(optional or {}, **needed)
        for key in sorted(needed):
            if key not in value:
                self.errors.append('%s is missing.' % _join(path, key))
        for key in sorted(value, key=_name):
            if _name(key) in known:
                known[_name(key)](value[key], _join(path, key))
            else:
                self.unknown.append('%s: no CRABServer release of this era reads this key; expected %s.' % (_join(path, key), ', '.join(sorted(known))))

    # Single values

    def _mode_name(self, value, path):
        if self._text(value, path, 'the name of a mode') and not _MODE.match(value):
            self._wrong(path, 'the name of a mode has letters, digits and -_. only, such as cmsweb-dev')

    def _delegates(self, value, path):
        if not self._list(value, path, 'DNs', empty=False):
            return
        for index, item in enumerate(value):
            place = '%s[%d]' % (path, index)
            if self._text(item, place, 'a DN') and self._regex(item, place):
                for dn in alternatives(item):
                    if not re.match(r'/[A-Za-z][A-Za-z0-9.]*=', dn):
                        self._wrong(place, 'each DN starts with a slash, such as /DC=ch/DC=cern/OU=computers/CN=tw.example.org, and %s does not' % _short(dn))

    def _url(self, value, path):
        if self._text(value, path, 'a URL', empty=True) and value and not _URL.match(value):
            self._wrong(path, 'expected a URL that starts with http:// or https://, or an empty text, found %s' % _short(masked_url(to_native(value))))

    def _link(self, value, path):
        if self._text(value, path, 'a URL') and not _URL.match(value):
            self._wrong(path, 'expected a URL that starts with http:// or https://: the server fetches it, and cannot fetch %s'
                        % _short(masked_url(to_native(value))))

    def _pool(self, value, path):
        if self._text(value, path, 'collectors separated by commas'):
            for part in value.split(','):
                if not _COLLECTOR.match(part):
                    self._wrong(path, 'expected collectors such as a.example.org:9620,b.example.org without blanks, found %s'
                                % (_short(part) if part else 'an empty one'))

    def _schedds(self, value, path):
        if isinstance(value, list):
            self._schedd_list(value, path)
        elif self._object(value, path, 'an object with one key for each schedd'):
            self._schedds_object(value, path)

    def _schedds_object(self, value, path):
        if not value:
            self.warnings.append('%s names no schedd: no task can be submitted.' % (path or 'The file'))
        for name in sorted(value, key=_name):
            place = _join(path, name)
            self._schedd_name(name, place)
            if self._object(value[name], place, 'an object'):
                self._keys(value[name], place, {}, {'proxiedurl': self._url, 'weightfactor': self._weight})

    def _schedd_list(self, value, path):
        if self._list(value, path, 'names of schedds', empty=True):
            for index, item in enumerate(value):
                self._schedd_name(item, '%s[%d]' % (path, index))

    def _schedd_name(self, value, path):
        if self._text(value, path, 'the name of a schedd') and not _SCHEDD.match(value):
            self._wrong(path, 'expected the name of a schedd as condor_status -schedd shows it, such as crab3@schedd.example.org')

    def _weight(self, value, path):
        if isinstance(value, bool) or not isinstance(value, _NUMBERS) or not 0 <= value < float('inf'):
            self._wrong(path, 'expected a number from 0 up')

    def _aso(self, value, path):
        if self._list(value, path, 'objects with couchURL and couchDBName', empty=False):
            for index, item in enumerate(value):
                place = '%s[%d]' % (path, index)
                if self._object(item, place, 'an object with couchURL and couchDBName'):
                    self._keys(item, place, {'couchURL': self._url, 'couchDBName': self._couch_name})

    def _couch_name(self, value, path):
        self._text(value, path, 'the name of a database, such as filetransfers')

    def _old_aso(self, value, path):
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            self._url(item, '%s[%d]' % (path, index) if isinstance(value, list) else path)

    def _versions(self, value, path):
        if self._list(value, path, 'regular expressions', empty=True):
            for index, item in enumerate(value):
                place = '%s[%d]' % (path, index)
                if self._text(item, place, 'a regular expression'):
                    self._regex(item, place)

    def _sites(self, value, path):
        if self._list(value, path, 'sites', empty=True):
            for index, item in enumerate(value):
                place = '%s[%d]' % (path, index)
                if self._text(item, place, 'a site') and not _SITES.match(item):
                    self._wrong(place, 'expected a site or a pattern such as T2_CH_CERN or T1_*, found %s' % _short(item))

    def _regex(self, value, path):
        try:
            re.compile(value)
            return True
        except (re.error, OverflowError, RuntimeError) as error:
            self._wrong(path, 'not a regular expression (%s)' % error)

    # Types

    def _object(self, value, path, what):
        return self._is(isinstance(value, dict), value, path, what)

    def _list(self, value, path, what, empty):
        if self._is(isinstance(value, list), value, path, 'a list of %s' % what):
            return self._filled(value, path, 'a list of %s' % what, empty)

    def _text(self, value, path, what, empty=False):
        if not self._is(isinstance(value, (bytes, text_type)), value, path, what):
            return False
        if re.search(u'[\x00-\x1f\x7f\ud800-\udfff]' if len(u'\U0001f600') == 1 else u'[\x00-\x1f\x7f]', to_text(value)):
            return self._wrong(path, 'the text has control characters or halves of characters')
        return self._filled(value, path, what, empty)

    def _is(self, right, value, path, what):
        return right or self._wrong(path, 'expected %s, found %s' % (what, _kind(value)))

    def _filled(self, value, path, what, empty):
        return bool(value) or empty or self._wrong(path, 'expected %s, found nothing' % what)

    def _wrong(self, path, message):
        self.errors.append('%s: %s.' % (path, message) if path else '%s.' % (message[0].upper() + message[1:]))
        return False


def alternatives(text):
    """The DNs joined with | in a text; a | inside brackets is part of a regular expression and does not count."""
    parts, depth = [u''], 0
    for character in to_text(text):
        depth += (character in u'([') - (character in u')]')
        if character == u'|' and depth == 0:
            parts.append(u'')
        else:
            parts[-1] += character
    return [to_native(part) for part in parts]


def _join(path, key):
    """The JSON path of a key."""
    name = _name(key)
    if _PLAIN_KEY.match(name):
        return '%s.%s' % (path, name) if path else name
    return '%s["%s"]' % (path, name.replace('\\', '\\\\').replace('"', '\\"'))


def _name(key):
    return to_native(key) if isinstance(key, (bytes, text_type)) else str(key)


def _short(text):
    text = _name(text)
    return '"%s"' % (text if len(text) <= 60 else text[:57] + '...')


def _kind(value):
    names = (((dict,), 'an object'), ((list, tuple), 'a list'), ((bytes, text_type), 'text'), ((bool,), 'true or false'), (_NUMBERS, 'a number'))
    return next((name for types, name in names if isinstance(value, types)), 'null' if value is None else type(value).__name__)
