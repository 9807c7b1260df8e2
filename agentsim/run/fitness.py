"""Whether a critic has passed its examination: where examinations are kept, and which of them a run stands on."""

import shlex
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from agentsim.dialogue.stage import SideModel
from agentsim.errors import StorageError, UserError
from agentsim.library.fingerprint import digest, fingerprint
from agentsim.llm.cache import cache_base
from agentsim.prompts.render import Prompts
from agentsim.run.settings import RunSettings
from agentsim.schema import Examination, Rubric


def critic_side(settings: RunSettings) -> SideModel:
    """Return the model that grades, with its sampling."""
    return SideModel(settings.part_model("critic"), settings.critic.sampling.params())


def critic_fingerprint(side: SideModel, prompts: Prompts, rubric: Rubric) -> str:
    """Return 32 hexadecimal digits of all that shapes a critic's answers: model, sampling, rubric, prompts."""
    asked = [prompts.hash("grade"), prompts.hash("prefer")]
    return digest(
        {"model": side.model, "params": dict(side.params), "rubric": fingerprint(rubric), "prompts": asked},
    )


def kept_file(critic: str) -> Path:
    """Return where the last examination of the critic of this fingerprint is kept, whether or not it is there."""
    return cache_base() / "examinations" / f"{critic}.json"


def write_examination(examination: Examination, path: Path) -> None:
    """Write it in one move.

    Raises:
        StorageError: where it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(examination.model_dump_json(indent=2) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        told = error.strerror or error
        raise StorageError(f"cannot write {path}: {told}", fix="make room, or name another file") from None


def read_examination(path: Path) -> Examination:
    """Return what `write_examination` wrote.

    Raises:
        UserError: where the file cannot be read, or holds something else.
    """
    try:
        return Examination.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}", fix="check the path and its rights") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        told = ": ".join([*map(str, first["loc"]), first["msg"]])
        fix = "`agentsim critic check --out FILE` makes one"
        raise UserError(f"{path} holds no examination: {told}", fix=fix) from None


def known_examinations(settings: RunSettings, rubrics: Iterable[Rubric]) -> dict[str, Examination]:
    """Return what is known of the run's critic, by the rubrics' ids: the file that the settings name, else the last
    examination that was kept. Nothing where the critic is not to decide.

    Raises:
        UserError: where the file that the settings name cannot be read, or is of another critic.
    """
    if not (settings.critic.decides and settings.critic.enabled):
        return {}
    prompts, side = Prompts(settings.prompts), critic_side(settings)
    by = {critic_fingerprint(side, prompts, rubric): rubric.id for rubric in rubrics}
    named = settings.critic.examination
    if named is None:
        known = {}
        for critic, name in by.items():
            # What is not there, or was kept by another version in another form, is not known.
            with suppress(UserError):
                known[name] = read_examination(kept_file(critic))
        return known
    found = read_examination(named)
    if found.fingerprint not in by:
        raise UserError(
            f"{named} is the examination of another critic: {found.model} with the rubric {found.rubric!r}"
            f" (this run: {side.model} with {', '.join(map(repr, by.values()))}, or other prompts or sampling)",
            fix="; ".join(check_command(settings, name) for name in by.values()),
        )
    return {by[found.fingerprint]: found}


def check_command(settings: RunSettings, rubric: str) -> str:
    """Return the command that examines the run's critic with a rubric."""
    words = ["agentsim", "critic", "check", "--model", settings.part_model("critic"), "--rubric", rubric]
    for folder in settings.library:
        words += ["--library", str(folder)]
    if settings.prompts is not None:
        words += ["--prompts", str(settings.prompts)]
    return shlex.join(words)
