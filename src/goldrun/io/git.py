"""Read the state of the project's code from Git."""

import subprocess

from goldrun.io.settings import project_root


def git_state() -> tuple[str, str]:
    """Return the commit of the project's code, and whether its tree is dirty (``true``, ``false``).

    Both are ``unknown`` if Git is not installed or the project is not in a repository.
    """
    try:
        commit = _git("rev-parse", "HEAD")
        dirty = "true" if _git("status", "--porcelain") else "false"
    except (OSError, subprocess.CalledProcessError):
        return "unknown", "unknown"
    return commit, dirty


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(project_root()), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
