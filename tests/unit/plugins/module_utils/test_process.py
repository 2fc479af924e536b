# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _process


def test_run_gives_one_text_of_output_and_errors():
    assert _process.run(['sh', '-c', 'read word; echo "$word"; echo "$0" >&2; exit 3', 'said'], 'typed\n') == (3, 'typed\nsaid\n')


def test_capture_gives_bytes_and_errors_apart():
    assert _process.capture(['sh', '-c', 'printf "\\\\377"; echo no >&2']) == (0, b'\xff', b'no\n')


def test_text_in_another_encoding_does_not_fail():
    code, said = _process.run(['sh', '-c', 'printf "a\\\\377b"'])

    assert (code, said[0], said[-1]) == (0, 'a', 'b')


def test_options_reach_the_process(tmp_path):
    options = {'cwd': str(tmp_path), 'env': {'WORD': 'x'}, 'preexec_fn': lambda: os.umask(0o027)}

    assert _process.run(['/bin/sh', '-c', 'pwd -P; echo $WORD; umask'], **options) == (0, '%s\nx\n0027\n' % os.path.realpath(str(tmp_path)))


def test_a_program_that_is_not_there_raises():
    with pytest.raises(OSError):
        _process.run(['/nonexistent/program'])
