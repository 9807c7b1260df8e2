"""The YAML block at the head of a card, by which the Hub and ``datasets`` know the files and their types."""

import re
from typing import Any

import yaml

from agentsim.dataset.columns import features
from agentsim.dataset.contents import SUFFIX, Contents
from agentsim.dataset.licence import combine
from agentsim.dataset.utf8 import replace_surrogates

_SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
)

# fmt: off
HUB_LICENCES = frozenset(
    {
        "afl-3.0", "agpl-3.0", "apache-2.0", "artistic-2.0", "bsd", "bsd-2-clause", "bsd-3-clause",
        "bsd-3-clause-clear", "bsl-1.0", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0",
        "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0",
        "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
        "cdla-permissive-1.0", "cdla-permissive-2.0", "cdla-sharing-1.0", "ecl-2.0", "epl-1.0",
        "epl-2.0", "etalab-2.0", "eupl-1.1", "eupl-1.2", "gfdl", "gpl", "gpl-2.0", "gpl-3.0", "isc",
        "lgpl", "lgpl-2.1", "lgpl-3.0", "mit", "mpl-2.0", "ms-pl", "ncsa", "odc-by", "odbl", "ofl-1.1",
        "osl-3.0", "pddl", "postgresql", "unlicense", "wtfpl", "zlib",
    }
)
# fmt: on
"""Licence ids that the Hub knows by name."""


def front_matter(contents: Contents) -> str:
    """Return the block with its ``---`` lines. Everything in it is dumped as data, never pasted."""
    count = len(contents.rows)
    block: dict[str, Any] = {"pretty_name": _line(contents.name), **licence_fields(contents)}
    spoken = sorted({_line(row.language) for row in contents.rows})
    known = sorted({tag.split("-")[0].lower() for tag in spoken if re.fullmatch(r"[A-Za-z]{2,3}(-.*)?", tag)})
    if known:
        block["language"] = known
    if any(tag not in known for tag in spoken):
        block["language_bcp47"] = spoken
    block |= {
        "size_categories": [next((label for limit, label in _SIZES if count < limit), "10M<n<100M")],
        "task_categories": ["text-generation"],
        "tags": ["agentsim", "synthetic", "conversational", "multi-turn", "role-play", "sft"],
        "configs": [{"config_name": "default", "data_files": _data_files(contents)}],
        "dataset_info": {"config_name": "default", "features": features()},
    }
    # ASCII only and no folding: no value can then look like the line that closes the block.
    text = yaml.safe_dump(block, sort_keys=False, allow_unicode=False, width=2**20)
    return f"---\n{text}---\n"


def licence_fields(contents: Contents) -> dict[str, Any]:
    """Return the Hub's licence keys: its own id where it has one, else ``other`` with the expression's name.

    A dataset without rows was derived from nothing and gets no licence.
    """
    if not contents.rows:
        return {}
    expression = _line(combine(row.licence for row in contents.rows))
    if expression.lower() in HUB_LICENCES:
        return {"license": expression.lower()}
    name = re.sub(r"[^a-z0-9.]+", "-", expression.lower()).strip("-.")
    return {"license": "other", "license_name": name or "see-card"}


def _data_files(contents: Contents) -> list[dict[str, str]]:
    suffix = SUFFIX[contents.format]
    names = ["train", "validation"] if contents.validation else ["train"]
    return [{"split": name, "path": f"{name}.{suffix}"} for name in names]


def _line(text: str) -> str:
    return " ".join(replace_surrogates(text).split())
