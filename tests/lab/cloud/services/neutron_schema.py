"""neutron_schema.py FILE: Neutron's head schema in an SQLite file, and one Open vSwitch agent.

Neutron's migrations do not run on SQLite (they alter constraints), so the tables are made from the models. The agent's row
stands for the agent of the host `lab`: the mechanism driver `openvswitch` binds ports only where it sees one alive.
"""

from __future__ import annotations

import sys

import neutron.db.migration.models.head  # noqa: F401  registers every table
import sqlalchemy as sa
from neutron_lib.db import model_base

AGENT = {
    "id": "11111111-1111-1111-1111-111111111111",
    "agent_type": "Open vSwitch agent",
    "binary": "neutron-openvswitch-agent",
    "topic": "N/A",
    "host": "lab",
    "admin_state_up": 1,
    "created_at": "2024-01-01 00:00:00.000000",
    "started_at": "2024-01-01 00:00:00.000000",
    "heartbeat_timestamp": "2099-01-01 00:00:00.000000",
    "configurations": '{"bridge_mappings": {"physnet1": "br-ex"}, "tunnel_types": [], "datapath_type": "system", "ovs_hybrid_plug": false}',
    "load": 0,
    "resources_synced": 1,
}

engine = sa.create_engine("sqlite:///" + sys.argv[1])
model_base.BASEV2.metadata.create_all(engine)
with engine.begin() as connection:
    columns, values = ", ".join(f'"{name}"' for name in AGENT), ", ".join(f":{name}" for name in AGENT)
    connection.execute(sa.text(f"insert into agents ({columns}) values ({values})"), AGENT)
