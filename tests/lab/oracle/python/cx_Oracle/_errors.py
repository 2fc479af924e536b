# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exceptions of the driver and the texts of the ORA- codes that the stand-in can raise."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

try:
    from exceptions import Warning as _BuiltinWarning
except ImportError:
    _BuiltinWarning = Warning

# The REST server tells database errors from others by the module's name.
_MODULE = 'cx_Oracle'

MESSAGES = {
    1: 'unique constraint (%s) violated',
    54: 'resource busy and acquire with NOWAIT specified or timeout expired',
    439: 'feature not enabled: %s',
    900: 'invalid SQL statement (the stand-in: %s)',
    901: 'invalid CREATE command',
    902: 'invalid datatype',
    903: 'invalid table name',
    904: '%s: invalid identifier',
    905: 'missing keyword',
    906: 'missing left parenthesis',
    907: 'missing right parenthesis',
    908: 'missing NULL keyword',
    910: 'specified length too long for its datatype',
    911: 'invalid character',
    913: 'too many values',
    918: 'column ambiguously defined',
    920: 'invalid relational operator',
    922: 'missing or invalid option',
    923: 'FROM keyword not found where expected',
    925: 'missing INTO keyword',
    927: 'missing equal sign',
    928: 'missing SELECT keyword',
    932: 'inconsistent datatypes',
    933: 'SQL command not properly ended',
    936: 'missing expression',
    938: 'not enough arguments for function',
    939: 'too many arguments for function',
    940: 'invalid ALTER command',
    942: 'table or view does not exist',
    947: 'not enough values',
    950: 'invalid DROP option',
    953: 'missing or invalid index name',
    955: 'name is already used by an existing object',
    957: 'duplicate column name',
    969: 'missing ON keyword',
    971: 'missing SET keyword',
    972: 'identifier is too long',
    990: 'missing or invalid privilege',
    997: 'illegal use of LONG datatype',
    1003: 'no statement parsed',
    1006: 'bind variable does not exist',
    1008: 'not all variables bound',
    1017: 'invalid username/password; logon denied',
    1031: 'insufficient privileges',
    1036: 'illegal variable name/number',
    1400: 'cannot insert NULL into (%s)',
    1406: 'fetched column value was truncated',
    1407: 'cannot update (%s) to NULL',
    1408: 'such column list already indexed',
    1418: 'specified index does not exist',
    1427: 'single-row subquery returns more than one row',
    1430: 'column being added already exists in table',
    1432: 'public synonym to be dropped does not exist',
    1434: 'private synonym to be dropped does not exist',
    1435: 'user does not exist',
    1438: 'value larger than specified precision allowed for this column',
    1439: 'column to be modified must be empty to change datatype',
    1440: 'column to be modified must be empty to decrease precision or scale',
    1441: 'cannot decrease column length because some value is too big',
    1442: 'column to be modified to NOT NULL is already NOT NULL',
    1449: 'column contains NULL values; cannot alter to NOT NULL',
    1451: 'column to be modified to NULL cannot be modified to NULL',
    1452: 'cannot CREATE UNIQUE INDEX; duplicate keys found',
    1502: "index '%s' or partition of such index is in unusable state",
    1536: "space quota exceeded for tablespace '%s'",
    1722: 'invalid number',
    1727: 'numeric precision specifier is out of range (1 to 38)',
    1735: 'invalid ALTER TABLE option',
    1747: 'invalid user.table.column, table.column, or column specification',
    1756: 'quoted string not properly terminated',
    1758: 'table must be empty to add mandatory (NOT NULL) column',
    1780: 'string literal required',
    1785: 'ORDER BY item must be the number of a SELECT-list expression',
    1789: 'query block has incorrect number of result columns',
    1843: 'not a valid month',
    1861: 'literal does not match format string',
    1917: "user or role '%s' does not exist",
    1919: "role '%s' does not exist",
    1927: 'cannot REVOKE privileges you did not grant',
    2149: 'Specified partition does not exist',
    2158: 'invalid CREATE INDEX option',
    2248: 'invalid option for ALTER SESSION',
    2256: 'number of referencing columns must match referenced columns',
    2260: 'table can have only one primary key',
    2261: 'such unique or primary key already exists in the table',
    2264: 'name already used by an existing constraint',
    2266: 'unique/primary keys in table referenced by enabled foreign keys',
    2267: 'column type incompatible with referenced column type',
    2268: 'referenced table does not have a primary key',
    2270: 'no matching unique or primary key for this column-list',
    2273: 'this unique/primary key is referenced by some foreign keys',
    2289: 'sequence does not exist',
    2290: 'check constraint (%s) violated',
    2291: 'integrity constraint (%s) violated - parent key not found',
    2292: 'integrity constraint (%s) violated - child record found',
    2293: 'cannot validate (%s) - check constraint violated',
    2296: 'cannot enable (%s) - null values found',
    2298: 'cannot validate (%s) - parent keys not found',
    2299: 'cannot validate (%s) - duplicate keys found',
    2327: 'cannot create index on expression with datatype LOB',
    2329: 'column of datatype LOB cannot be unique or a primary key',
    2429: 'cannot drop index used for enforcement of unique/primary key',
    2430: 'cannot enable constraint (%s) - no such constraint',
    2436: 'date or system variable wrongly specified in CHECK constraint',
    2437: 'cannot validate (%s) - primary key violated',
    2441: 'Cannot drop nonexistent primary key',
    2443: 'Cannot drop constraint  - nonexistent constraint',
    2449: 'unique/primary keys in table referenced by foreign keys',
    3113: 'end-of-file on communication channel',
    4002: 'INCREMENT must be a non-zero integer',
    4043: 'object %s does not exist',
    4079: 'invalid trigger specification',
    4080: "trigger '%s' does not exist",
    4081: "trigger '%s' already exists",
    6553: 'PLS-306: wrong number or types of arguments in call',
    10635: 'Invalid segment or tablespace type',
    10631: 'SHRINK clause should not be specified for this object',
    10636: 'ROW MOVEMENT is not enabled',
    12154: 'TNS:could not resolve the connect identifier specified',
    12541: 'TNS:no listener',
    12899: 'value too large for column %s',
    12983: 'cannot drop all columns in a table',
    12984: 'cannot drop partitioning column',
    12986: 'columns in partially dropped state. Submit ALTER TABLE DROP COLUMNS CONTINUE',
    12991: 'column is referenced in a multi-column constraint',
    12992: 'cannot drop parent key column',
    14004: 'missing PARTITION keyword',
    14006: 'invalid partition name',
    14007: 'missing LESS keyword',
    14016: 'underlying table of a LOCAL partitioned index must be partitioned',
    14048: 'a partition maintenance operation may not be combined with other operations',
    14060: 'data type or length of a table partitioning column may not be changed',
    14300: 'partitioning key maps to a partition outside maximum permitted number of partitions',
    14400: 'inserted partition key does not map to any partition',
    14751: 'Invalid data type for partitioning column of an interval partitioned table',
    14752: 'Interval expression is not a constant of the correct type',
    14758: 'Last partition in the range section cannot be dropped',
    22858: 'invalid alteration of datatype',
    23292: 'The constraint does not exist',
    25194: 'invalid COMPRESS prefix length value',
    28000: 'the account is locked',
    28001: 'the password has expired',
}


def _class(name, *bases):
    return type(name, bases, {'__module__': _MODULE})


Warning = _class('Warning', _BuiltinWarning)            # pylint: disable=redefined-builtin
Error = _class('Error', Exception)
InterfaceError = _class('InterfaceError', Error)
DatabaseError = _class('DatabaseError', Error)
DataError = _class('DataError', DatabaseError)
OperationalError = _class('OperationalError', DatabaseError)
IntegrityError = _class('IntegrityError', DatabaseError)
InternalError = _class('InternalError', DatabaseError)
ProgrammingError = _class('ProgrammingError', DatabaseError)
NotSupportedError = _class('NotSupportedError', DatabaseError)

_INTEGRITY = frozenset((1, 1400, 2290, 2291, 2292))
_OPERATIONAL = frozenset((1012, 1033, 1034, 1089, 3113, 3114, 12153, 12203, 12500, 12571))


class _Error:
    """What ``exception.args[0]`` is."""

    def __init__(self, code, message, offset=0, context='stand-in', isrecoverable=False):
        self.code = code
        self.message = message
        self.offset = offset
        self.context = context
        self.isrecoverable = isrecoverable

    def __str__(self):
        return self.message

    def __repr__(self):
        return self.message


def ora(code, detail='', offset=0):
    """The exception of an ORA- code; detail fills the blank of its text, offset is the position in the statement."""
    text = MESSAGES.get(code, 'a code that a test injected')
    message = 'ORA-%05d: %s' % (code, text % detail if '%s' in text else text)
    kind = IntegrityError if code in _INTEGRITY else OperationalError if code in _OPERATIONAL else DatabaseError
    return kind(_Error(code, message, offset))


def driver_error(kind, message):
    """An exception of the driver itself, without an ORA- code."""
    return kind(_Error(0, message))
