# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Oracle schema engine. Data flows one way: source -> model <- dictionary; diff -> plan -> execute.

ddl        tokens and the strict parser: CREATE statements -> model
model      tables, columns, constraints, indexes, sequences, triggers; plain values
source     the statements of Create.py files (read, never run) or of plain SQL
lint       what cannot be installed as written, found before connecting
dictionary the USER_* views of an account -> model
operations the changes, as plain objects
diff       two models -> operations
render     operations -> SQL
plan       operations -> ordered steps with risk and reason
execute    steps -> database, resumable
driver     cx_Oracle or oracledb behind one small surface
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type
