"""What takes long to import, for the process that `tests.run.command` forks from."""

import agentsim.cli.playing
import agentsim.cli.resume_command
import agentsim.cli.run_command
import agentsim.run.runner
from agentsim.llm.litellm_door import litellm

litellm()
__all__ = ["agentsim"]
