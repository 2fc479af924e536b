"""Nova's conductor, scheduler, compute (fake hypervisor) and API in ONE process.

The RPC transport is oslo.messaging's `fake://`, which lives in the process: that is why one process holds all of them,
and why no message broker is needed.
"""

from __future__ import annotations

import sys

import nova.monkey_patch  # noqa: F401  eventlet; must be first, whatever the alphabet says

# isort: split
import own_files  # noqa: F401

# isort: split
import nova.conf
from nova import config, objects, service
from nova.compute import rpcapi as compute_rpcapi
from nova.conductor import rpcapi as conductor_rpcapi
from nova.scheduler import rpcapi as scheduler_rpcapi
from oslo_log import log as logging
from oslo_service import service as oslo_service

CONF = nova.conf.CONF
config.parse_args(sys.argv)
logging.setup(CONF, "nova")
objects.register_all()

launcher = oslo_service.ServiceLauncher(CONF)
for binary, topic in (
    ("nova-conductor", conductor_rpcapi.RPC_TOPIC),
    ("nova-scheduler", scheduler_rpcapi.RPC_TOPIC),
    ("nova-compute", compute_rpcapi.RPC_TOPIC),
):
    launcher.launch_service(service.Service.create(binary=binary, topic=topic))
launcher.launch_service(service.WSGIService("osapi_compute", use_ssl=False))
launcher.wait()
