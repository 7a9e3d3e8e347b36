"""Ray Serve's replicas, made to listen on this machine's own address."""

from __future__ import annotations

import sys
from typing import Any  # Ray is optional

_LOOPBACK = "127.0.0.1"


def listen_on_loopback() -> None:
    """Keep this process' replica from listening on every address.

    To be called by a deployment before its replica listens. Ray binds the loopback address alone
    in a cluster of one machine, but for Ray Serve's calls among its replicas (seen in 2.60); those
    ask for the cluster's token.
    """
    ray: Any = sys.modules.get("ray")
    if ray is None or not ray.is_initialized() or ray.util.get_node_ip_address() != _LOOPBACK:
        return  # in a cluster of several machines replicas call one another
    module: Any = sys.modules.get("ray.serve._private.replica")
    bind = getattr(module, "add_port_to_grpc_server", None)
    if bind is None:  # another release of Ray's
        return

    def bind_loopback(server: Any, address: str) -> int:
        return int(bind(server, address.replace("[::]:", f"{_LOOPBACK}:")))

    module.add_port_to_grpc_server = bind_loopback
