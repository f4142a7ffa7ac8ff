"""A terminal in a folder like the checkout, in which the commands of the documents are typed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.docs.blocks import ROOT, Block
from tests.docs.stand_in import CHECKS

LEFT_OUT = (".venv", ".git", "dist", "build")
WITHIN = 60
_MARK = "@@ exit code"
_TELL = f"code=$?; printf '\\n{_MARK} %s\\n' $code; (exit $code)"  # for an `echo $?` that follows


@dataclass(frozen=True)
class Terminal:
    """``replaced`` is what the documents say, and what stands for it here."""

    folder: Path
    environ: Mapping[str, str]
    replaced: Mapping[str, str]

    def run(self, block: Block) -> None:
        """Type all commands in one shell; each must succeed, or fail with the output shown."""
        commands = block.commands()
        typed = "".join(f"{command.typed}\n{_TELL}\n" for command in commands)
        for said, meant in self.replaced.items():
            typed = typed.replace(said, meant)
        strict = ["-e"] if len(commands) == 1 and not commands[0].output else []
        done = subprocess.run(
            ["bash", "-u", *strict, "-c", typed], cwd=self.folder, env=dict(self.environ),
            text=True, timeout=WITHIN, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        answers = re.split(rf"\n{_MARK} (\d+)\n", done.stdout)
        assert len(answers) == 2 * len(commands) + 1, f"{block} ended early:\n{done.stdout}"
        for command, answer, code in zip(commands, answers[::2], answers[1::2], strict=False):
            if command.output:
                assert fits(command.output, answer), f"{block}\n$ {command.typed}\n{answer}"
            else:
                assert code == "0", f"{block}\n$ {command.typed}\n{answer}"


def fits(shown: Sequence[str], answer: str) -> bool:
    """Whether an answer is what is shown; ``…`` stands for anything, alone also for more lines."""
    pattern = "\n".join(
        r"[\s\S]*" if line.strip() == "…" else re.escape(line.rstrip()).replace("…", ".*")
        for line in shown
    )
    lines = "\n".join(line.rstrip() for line in answer.strip("\n").splitlines())
    return re.fullmatch(pattern.strip("\n"), lines) is not None


def open_terminal(
    folder: Path, environ: Mapping[str, str], replaced: Mapping[str, str]
) -> Terminal:
    """A terminal in ``folder``, which looks like the checkout; nothing typed in it changes that."""
    here = folder / "checkout"
    here.mkdir()
    for path in ROOT.iterdir():
        if path.name not in LEFT_OUT:
            (here / path.name).symlink_to(path)
    commands = folder / "commands"
    commands.mkdir()
    for name in CHECKS:
        (commands / name).write_text(
            f"#!{sys.executable}\n" + Path(__file__).with_name("stand_in.py").read_text("utf-8"),
            encoding="utf-8",
        )
        (commands / name).chmod(0o755)
    installed = Path(sys.executable).parent
    path = os.pathsep.join([str(commands), str(installed), os.environ.get("PATH", "")])
    own = {"DOCS_ROOT": str(ROOT), "DOCS_GUNICORN": str(installed / "gunicorn")}
    return Terminal(here, {**environ, **own, "PATH": path}, replaced)
