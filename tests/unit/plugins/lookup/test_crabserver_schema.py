# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import subprocess

import pytest

from ansible.errors import AnsibleError

from ansible_collections.cmsweb.crab.plugins.lookup import crabserver_schema


def lookup(*terms, **options):
    return crabserver_schema.LookupModule().run(list(terms), **options)


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


@pytest.fixture
def checkout(tmp_path):
    """A repository with two tags of one file, and a third one without it; the first is checked out."""
    def git(*words):
        subprocess.run(['git', '-C', str(tmp_path), '-c', 'user.name=alice', '-c', 'user.email=alice@example.org', *words], check=True, capture_output=True)

    git('init', '--quiet')
    file = tmp_path / 'src' / 'python' / 'Databases' / 'TaskDB' / 'Oracle' / 'Create.py'
    git('commit', '--quiet', '--allow-empty', '-m', 'none')
    git('tag', '3.2.0')
    file.parent.mkdir(parents=True)
    for tag, text in (('v1', 'x = 1\n'), ('v2', 'x = 2\n')):
        file.write_text(text)
        git('add', '.')
        git('commit', '--quiet', '-m', tag)
        git('tag', tag)
    git('checkout', '--quiet', 'v1')
    return str(tmp_path)


def test_a_tag_is_read_whatever_is_checked_out(checkout):
    assert lookup(checkout, tag='v2') == [{'TaskDB': 'x = 2\n'}]
    assert lookup(checkout) == [{'TaskDB': 'x = 1\n'}]


@pytest.mark.parametrize('tag, said', [('v3', 'git finds no v3 in '), ('3.2.0', 'the tag 3.2.0 of '), ('--help', 'git finds no --help in ')])
def test_a_tag_that_does_not_serve_is_named(checkout, tag, said):
    with pytest.raises(AnsibleError) as caught:
        lookup(checkout, tag=tag)

    assert caught.value.message.startswith('crabserver_schema: ' + said)


def test_a_script_comes_by_its_file_name(tmp_path):
    (tmp_path / 'crab.sql').write_text('CREATE TABLE t (a NUMBER);\n')

    assert lookup(str(tmp_path / 'crab.sql')) == [{'crab.sql': 'CREATE TABLE t (a NUMBER);\n'}]


def test_an_unknown_option_is_refused(tmp_path):
    with pytest.raises(AnsibleError, match='expected no option but tag, found branch'):
        lookup(str(tmp_path), branch='x')
