# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible.errors import AnsibleError

from ansible_collections.cmsweb.crab.plugins.lookup import crabserver_schema


def lookup(*terms):
    return crabserver_schema.LookupModule().run(list(terms))


def test_the_texts_come_by_module_name(tmp_path):
    for name, text in (('TaskDB', u'# caf\xe9\n'), ('FileMetaDataDB', u'x = 1\n')):
        folder = tmp_path / 'a [1]' / 'src' / 'python' / 'Databases' / name / 'Oracle'
        folder.mkdir(parents=True)
        (folder / 'Create.py').write_text(text, encoding='utf-8')

    assert lookup(str(tmp_path / 'a [1]')) == [{'TaskDB': u'# caf\xe9\n', 'FileMetaDataDB': u'x = 1\n'}]


def test_a_missing_checkout_names_path_expectation_and_variable(tmp_path):
    with pytest.raises(AnsibleError) as caught:
        lookup(str(tmp_path / 'no'))

    assert caught.value.message == (
        'crabserver_schema: %s is no folder on the controller; expected one with src/python/Databases/*/Oracle/Create.py. '
        'Set oracle_schema_checkout to the root of a CRABServer checkout at the tag of the release.' % (tmp_path / 'no'))


def test_a_folder_that_is_no_checkout_says_what_is_missing(tmp_path):
    with pytest.raises(AnsibleError) as caught:
        lookup(str(tmp_path))

    assert '%s holds no src/python/Databases/*/Oracle/Create.py. Set oracle_schema_checkout' % tmp_path in caught.value.message


@pytest.mark.parametrize('terms', [[], [''], ['a', 'b'], [None]])
def test_anything_but_one_path_is_refused(terms):
    with pytest.raises(AnsibleError) as caught:
        lookup(*terms)

    assert 'expected one path' in caught.value.message
