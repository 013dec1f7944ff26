"""Find Java and Spark's jars, or fetch them into the project's folder: the last step of set-up."""

import sys

from goldrun.devtools.toolchain import Jars, ensure_jars, ensure_java
from goldrun.errors import GoldrunError
from pipelines._console import log, log_to_console

if __name__ == "__main__":
    log_to_console()
    try:
        log.info("Java: %s", ensure_java())
        log.info("jars: %s in .jars", len(ensure_jars(Jars.DELTA)))
    except GoldrunError as error:
        log.error("error: %s", error)
        sys.exit(error.exit_code)
