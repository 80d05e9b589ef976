"""A bottle application on a port, served by gevent."""

import logging

from bottle import Bottle
from gevent.pywsgi import WSGIServer

from gitstars.errors import PortTaken

logger = logging.getLogger(__name__)


class HttpServer:
    """Listens from ``start`` to ``stop``."""

    def __init__(self, name: str, app: Bottle, host: str, port: int) -> None:
        self._name = name
        self._server = WSGIServer((host, port), app, log=None, error_log=logger)
        self._address = f"{host}:{port}"

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def start(self) -> None:
        """Raises PortTaken when the address cannot be had."""
        try:
            self._server.start()
        except OSError as error:
            raise PortTaken(
                f"the {self._name} server cannot listen on {self._address}: {error.strerror}; choose another port or 0"
            ) from error

    def stop(self) -> None:
        self._server.stop(timeout=1)
