"""Runs the source on standard input as a program."""

import sys

from agentsim.sandbox.inside.limits import begin

begin(*map(int, sys.argv[1:]))
try:
    code = compile(sys.stdin.buffer.read(), "<code>", "exec", dont_inherit=True)
    main = sys.modules["__main__"] = type(sys)("__main__")
    exec(code, vars(main))  # noqa: S102 - this is the sandbox
except Exception as error:
    # Without the line above, which is none of the code's.
    sys.excepthook(type(error), error, error.__traceback__ and error.__traceback__.tb_next)
    sys.exit(1)
