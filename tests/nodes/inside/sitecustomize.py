"""On the path of a node's processes only: gives them a host name, and a cable to Jira, of their own.

Nodes of the test share one machine. What they know of databases and brokers comes from their environment; Jira's
address is in the database, the same for all, and host names are the machine's.
"""

import faulthandler
import os
import signal
import socket
from typing import Any

_direct, _cable = (int(port) for port in os.environ["IUM_TEST_CABLE"].split(":"))
_name = os.environ["IUM_TEST_HOST"]
_connect = socket.socket.connect


def _through_the_cable(self: socket.socket, address: Any) -> None:
    if isinstance(address, tuple) and address[:2] == ("127.0.0.1", _direct):
        address = ("127.0.0.1", _cable)
    _connect(self, address)


socket.socket.connect = _through_the_cable  # type: ignore[method-assign,assignment]
socket.gethostname = lambda: _name
# A process that does not end is asked where it is.
faulthandler.register(signal.SIGUSR1, all_threads=True)
