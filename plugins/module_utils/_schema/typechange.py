# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From one column type to another: in place, by a copy into a new column, or not at all."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import model

IN_PLACE = 'in place'
SHADOW = 'shadow'
_ENDLESS = float('inf')


class Change(model.Record):
    """way: IN_PLACE or SHADOW, also when the column holds a value; conversion: %s stands for the old column.

    misfit: condition of the rows whose value the new type cannot take, or None.
    """

    fields = ('way', 'conversion', 'misfit')
    defaults = {'conversion': '%s', 'misfit': None}


def change(old, new):
    """How to get from one model.Type to another; None if no conversion is known."""
    if old.is_text and new.is_text and old.name == new.name:
        return _text(old, new)
    if old.name == new.name == 'NUMBER':
        return _number(old, new)
    if old.name.startswith('TIMESTAMP(') and new.name.startswith('TIMESTAMP(') and old.name[12:] == new.name[12:]:
        # More digits of a second are no loss, and Oracle adds them in place.
        return Change(way=IN_PLACE) if new.scale >= old.scale else Change(way=SHADOW, misfit='%%s <> CAST(%%s AS %s)' % new.name)
    return _other(old, new)


def _text(old, new):
    same_unit = old.unit == new.unit or new.unit == 'CHAR'
    if same_unit and new.length >= old.length:
        return Change(way=IN_PLACE)
    measure = 'LENGTH' if new.unit == 'CHAR' or new.name.startswith('N') else 'LENGTHB'
    return Change(way=IN_PLACE, misfit='%s(%%s) > %d' % (measure, new.length))


def _number(old, new):
    """Oracle widens in place; fewer digits before or behind the point need an empty column (ORA-01440)."""
    old_whole, old_scale = _digits(old)
    whole, scale = _digits(new)
    if whole >= old_whole and scale >= old_scale:
        return Change(way=IN_PLACE)
    return Change(way=SHADOW, misfit=_digits_lost('%s', new, whole < old_whole, scale < old_scale))


def _digits_lost(number, new, whole=True, scale=True):
    """Condition of the numbers that have more digits before or behind the point than there is room for."""
    room, places = _digits(new)
    misfits = ['ABS(%s) >= 1E%d' % (number, room)] if whole and room < _ENDLESS else []
    misfits += ['%s <> ROUND(%s, %d)' % (number, number, places)] if scale and places < _ENDLESS else []
    return ' OR '.join(misfits)


def _digits(kind):
    if kind.precision is None:
        return _ENDLESS, _ENDLESS if kind.scale is None else kind.scale
    return kind.precision - kind.scale, kind.scale


def _other(old, new):
    if old.is_text and new.name == 'CLOB':
        return Change(way=SHADOW)
    if old.name == 'CLOB' and new.name == 'VARCHAR2':
        return Change(way=SHADOW, conversion='TO_CHAR(%s)', misfit='LENGTH(%%s) > %d' % new.length)
    if old.name == 'NUMBER' and new.name == 'VARCHAR2':
        return Change(way=SHADOW, conversion='TO_CHAR(%s)', misfit='LENGTH(TO_CHAR(%%s)) > %d' % new.length)
    if old.name == 'VARCHAR2' and new.name == 'NUMBER':
        # At least one condition, so that a text that is no number is met by a query, before anything is done (ORA-01722).
        return Change(way=SHADOW, conversion='TO_NUMBER(%s)', misfit=_digits_lost('TO_NUMBER(%s)', new) or 'TO_NUMBER(%s) IS NULL AND %s IS NOT NULL')
    if old.name == 'CHAR' and new.name == 'VARCHAR2':
        # A text of blanks only would be no text at all.
        return Change(way=SHADOW, conversion='RTRIM(%s)', misfit='LENGTHB(RTRIM(%%s)) > %d OR (RTRIM(%%s) IS NULL AND %%s IS NOT NULL)' % new.length)
    # What a time means that has or gets a zone, the session would decide.
    if old.name == 'DATE' and new.name == 'TIMESTAMP(%s)' % new.scale:
        return Change(way=SHADOW, conversion='CAST(%s AS TIMESTAMP)')
    if old.name == 'TIMESTAMP(%s)' % old.scale and new.name == 'DATE':
        return Change(way=SHADOW, conversion='CAST(%s AS DATE)', misfit='%s <> CAST(%s AS DATE)')
    return None
