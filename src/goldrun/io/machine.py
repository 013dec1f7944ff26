"""The user and the machine that run a command."""

import getpass
import socket


def user_and_host() -> tuple[str, str]:
    """Return the name of the user, and of the machine; ``unknown`` for a user without a name."""
    try:
        user = getpass.getuser()
    # Python before 3.13 raises the first three for a user id that has no name.
    except (KeyError, ImportError, ModuleNotFoundError, OSError):
        user = "unknown"
    return user, socket.gethostname()
