# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions of Oracle that SQLite lacks. Times are text 'YYYY-MM-DD HH:MM:SS.ffffff', which sorts as time does."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import calendar
import datetime
import re

_FORM = '%Y-%m-%d %H:%M:%S.%f'
# Format models of Oracle, the longer ones first.
_MODELS = (('SYYYY', '%Y'), ('YYYY', '%Y'), ('MM', '%m'), ('DD', '%d'), ('HH24', '%H'), ('MI', '%M'), ('SS', '%S'), ('FF6', '%f'), ('FF', '%f'))


class NoSuchFormat(Exception):
    """A format model that the stand-in does not know."""


def register(store):
    """Make them known to a connection of SQLite."""
    store.create_function('ora_blocks', 1, lambda owner: blocks(store, owner))
    for name, count, function in (
            ('ora_add_months', 2, add_months), ('ora_add_time', 4, add_time), ('ora_bytes', 1, byte_length), ('ora_compare', 2, compare),
            ('ora_concat', 2, concat), ('ora_context', 2, context), ('ora_days_between', 2, days_between), ('ora_mod', 2, mod),
            ('ora_moment', 1, moment), ('ora_now', 1, now), ('ora_seconds', 2, seconds), ('ora_text', 1, text), ('ora_to_char', -1, to_char),
            ('ora_to_number', 1, to_number), ('ora_to_time', -1, to_time)):
        store.create_function(name, count, function)


def blocks(store, owner):
    """What the account holds: a block for each row that a table ever had at once, until it is shrunk, and what its recycle bin keeps."""
    held = sum(max(most, count_rows(store, owner, name)) for name, most in store.execute(
        'select name, most_rows from "$table" where owner = ?', (owner,)).fetchall())
    return held + store.execute('select coalesce(sum(space), 0) from "$recyclebin" where owner = ?', (owner,)).fetchone()[0]


def count_rows(store, owner, name):
    return store.execute('select count(*) from "%s.%s"' % (owner.replace('"', '""'), name.replace('"', '""'))).fetchone()[0]


def parsed(value):
    return datetime.datetime.strptime(value, _FORM)


def written(value):
    # strftime of Python 2 knows no years before 1900.
    return '%04d-%02d-%02d %02d:%02d:%02d.%06d' % (value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond)


def now(digits):
    moment_now = datetime.datetime.now()
    return written(moment_now if digits else moment_now.replace(microsecond=0))


def moment(value):
    """The literal after DATE or TIMESTAMP, or a text of the same form."""
    if value is None:
        return None
    for form in (_FORM, '%Y-%m-%d %H:%M:%S', '%Y-%m-%d'):
        try:
            return written(datetime.datetime.strptime(value, form))
        except ValueError:
            pass
    raise ValueError('ORA-01861')


def strptime_form(model):
    form = model.upper().replace('%', '%%')
    for ours, theirs in _MODELS:
        form = form.replace(ours, theirs)
    if re.search(r'(?<!%)[A-Z]{2}', form):
        raise NoSuchFormat(model)
    return form


def to_time(value, model, _calendar=None):
    if value is None:
        return None
    return written(datetime.datetime.strptime(value.strip(), strptime_form(model)))


def to_char(value, model=None):
    if value is None:
        return None
    if model:
        return parsed(value).strftime(strptime_form(model))
    return text(value)


def to_number(value):
    if value is None:
        return None
    number = float(value)
    return int(number) if number == int(number) else number


def text(value):
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return None if value is None else u'%s' % (value,)


def byte_length(value):
    return None if value is None else len(text(value).encode('utf-8'))


def concat(left, right):
    """NULL joined to a text is that text."""
    return (u'' if left is None else text(left)) + (u'' if right is None else text(right)) or None


def compare(left, right):
    if left is None or right is None:
        return None
    return (left > right) - (left < right)


def mod(left, right):
    return None if left is None or right is None else left if right == 0 else left - right * int(left / right)


def seconds(number, unit):
    return number * {'DAY': 86400, 'HOUR': 3600, 'MINUTE': 60, 'SECOND': 1}[unit.upper()]


def add_time(value, operator, number, kind):
    """Days, or seconds of an interval, added to a time."""
    if value is None or number is None:
        return None
    delta = datetime.timedelta(seconds=number) if kind == 'INTERVAL' else datetime.timedelta(days=number)
    return written(parsed(value) + delta if operator == '+' else parsed(value) - delta)


def days_between(left, right):
    if left is None or right is None:
        return None
    delta = parsed(left) - parsed(right)
    return delta.days + (delta.seconds + delta.microseconds / 1e6) / 86400


def add_months(value, count):
    if value is None or count is None:
        return None
    start = parsed(value)
    month = start.year * 12 + start.month - 1 + int(count)
    year, month = month // 12, month % 12 + 1
    # The last day of a month stays the last day.
    last_before, last = calendar.monthrange(start.year, start.month)[1], calendar.monthrange(year, month)[1]
    return written(start.replace(year=year, month=month, day=last if start.day == last_before else min(start.day, last)))


def context(namespace, name):
    return {('USERENV', 'CON_NAME'): u'STANDIN', ('USERENV', 'DB_NAME'): u'STANDIN'}.get((namespace.upper(), name.upper()))
