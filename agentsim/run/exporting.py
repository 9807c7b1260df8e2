"""From a run directory to datasets in its ``exports/``, also while the run is still being written."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import cast, get_args

from agentsim.dataset import ExportResult, Format, System, export
from agentsim.errors import StorageError, UserError
from agentsim.measures.people import people
from agentsim.run.counting import count_outcomes
from agentsim.run.reader import RunReader
from agentsim.schema import Record, Tally

EXPORTS = "exports"
"""Folder of a run directory that holds one dataset for each format."""

CARD_SAMPLE = 500
"""Dialogues whose people are measured for the card; `agentsim show` measures more."""


def export_run(
    folder: Path,
    formats: Sequence[str],
    *,
    out: Path | None = None,
    validation_share: float | None = None,
    system: str | None = None,
    tokenizer: Path | None = None,
) -> list[ExportResult]:
    """Write the accepted dialogues of a run, what is finished of them so far, and return what was written.

    Args:
        folder: the run directory.
        formats: ``messages`` and ``parquet``, one or both.
        out: the dataset's folder, or the folder for one of each format's name where both are written;
            ``exports/`` of the run directory, by format, where left out.
        validation_share: share of the rows set apart; the run's setting where left out.
        system: ``public`` or ``none``, the rows' system message; the run's setting where left out.
        tokenizer: a ``tokenizer.json`` for exact token counts.

    Raises:
        UserError: for an unknown format or system message, a wrong share, a folder that holds something else.
        StorageError: where the run cannot be read or the dataset cannot be written.
    """
    chosen = [cast("Format", _one_of(name, "format", get_args(Format))) for name in dict.fromkeys(formats)]
    if system is not None:
        _one_of(system, "system message", get_args(System))
    reader = RunReader(folder)
    try:
        settings = reader.settings
        with reader.moment():
            records, tally = _so_far(reader)
        scenarios, personas = reader.scenarios(), reader.personas()
        examinations = reader.examinations() if settings.critic.decides else None
    except sqlite3.Error as error:
        raise StorageError(f"cannot read the run in {folder}: {error}", fix="restore the file run.db") from error
    finally:
        reader.close()
    found = people((record.dialogue for record in records), scenarios, personas, seed=settings.seed, sample=CARD_SAMPLE)
    return [
        export(
            records,
            scenarios=scenarios,
            personas=personas,
            tally=tally,
            guards=settings.guards,
            people=found,
            examinations=examinations,
            folder=out if out is not None and len(chosen) == 1 else (out or folder / EXPORTS) / name,
            format=name,
            name=settings.name,
            seed=settings.seed,
            validation_share=settings.validation_share if validation_share is None else validation_share,
            system=settings.system if system is None else cast("System", system),
            tokenizer=tokenizer,
        )
        for name in chosen
    ]


def _so_far(reader: RunReader) -> tuple[list[Record], Tally]:
    """Return the accepted records and the counts of one moment, though the run may go on between two reads.

    The list of dialogues is read at once and is that moment; a verdict is final, so the records read after it
    can only be too many.
    """
    begun = reader.summaries()
    accepted = {summary.id for summary in begun if summary.state == "accepted"}
    records = [record for record in reader.records() if record.dialogue.id in accepted]
    return records, count_outcomes(((one.state, one.code, 1) for one in begun), reader.planned)


def _one_of(value: str, what: str, known: Sequence[str]) -> str:
    if value not in known:
        raise UserError(f"there is no {what} {value!r}", fix=f"choose {' or '.join(known)}")
    return value
