"""Settings of the development broker: JVM options, server properties and the controller's port."""

import socket

from goldrun.errors import ToolchainError

HOST = "127.0.0.1"
DEFAULT_PORT = 9092
SETTINGS_FILE = "server.properties"
JVM_OPTIONS = (
    *("-Xmx512m", "-XX:+ExitOnOutOfMemoryError"),
    # Without the shutdown option log4j drops the last lines of the log.
    *("-Dlog4j2.level=INFO", "-Dlog4j2.shutdownHookEnabled=false"),
)

# log.dirs is relative to the broker's folder: a property file can't hold all absolute paths.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=messages
auto.create.topics.enable=true
num.partitions=2
message.max.bytes=10485760
# One machine, one broker.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
# Short, so that a killed broker can register again soon.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=16777216
"""


def server_properties(port: int) -> str:
    """Return the content of ``server.properties`` for a broker on a port.

    Raises:
        ToolchainError: The port can't be listened on.
    """
    return _PROPERTIES.format(host=HOST, port=port, controller=_controller_port(port))


def _controller_port(port: int) -> int:
    """Check that a port is free for the broker; return another free one for its controller."""
    with socket.socket() as broker, socket.socket() as controller:
        # The broker sets this option too: a port with connections in TIME_WAIT is free.
        broker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            broker.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise ToolchainError(
                f"{HOST}:{port} can't be listened on ({error}): choose another port, or stop "
                "the process that uses it"
            ) from error
        controller.bind((HOST, 0))
        return int(controller.getsockname()[1])
