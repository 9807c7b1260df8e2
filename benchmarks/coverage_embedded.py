"""The comparison of ``benchmarks.coverage``, small, on the embedded model through the real pipeline.

An outline of 16 topics is played as ``science-explained`` with four short turns a dialogue, by rotation and steered by
coverage, for the same number of tokens (prompts and completions) and the same seeds. Nothing is turned down for
failures of role-play, so that what is compared is coverage alone. Judged by words that neither the outline nor the
steering has: each topic has six of its own, and a dialogue is about the topic whose words it has most of. A model this
small often speaks of something else, which is what steering is to make up for. Run it with
``python -m benchmarks.coverage_embedded`` (15 minutes on two quiet cores).
"""

import argparse
import asyncio
import json
import re
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from agentsim.run.covering import survey
from agentsim.run.reader import RunReader
from agentsim.run.runner import create, play
from agentsim.run.settings import RunSettings
from agentsim.run.setup import load_library

OUTLINE = {
    "Sky": {
        "black holes": "gravity star mass light collapse galaxy",
        "the phases of the moon": "orbit crescent month shadow eclipse sunlight",
        "why the sky is blue": "scatter wavelength atmosphere color sunset rays",
        "comets": "ice dust tail solar asteroid orbiting",
    },
    "Body": {
        "how vaccines work": "immune virus antibodies disease infection cells",
        "sleep": "brain dream night rest tired circadian",
        "how muscles grow": "exercise protein strength fibers training weights",
        "allergies": "pollen histamine sneeze reaction symptoms antihistamine",
    },
    "Earth": {
        "volcanoes": "lava magma eruption ash crust mountain",
        "the water cycle": "evaporation rain clouds ocean vapor river",
        "earthquakes": "fault plates seismic tremor shake crust",
        "how fossils form": "sediment bones dinosaur rock ancient remains",
    },
    "Machines": {
        "batteries": "electric charge lithium energy current voltage",
        "how bridges stand": "weight steel arch support beam load",
        "refrigerators": "cold heat cool temperature compressor gas",
        "the internet": "computer network data server web connection",
    },
}
ARMS = ("rotation", "coverage")


def judged(text: str) -> str | None:
    """Return the topic that a text is about by words that stand in no outline."""
    words = set(re.findall(r"[a-z]+", text.casefold()))
    hits = {topic: len(words & set(told.split())) for below in OUTLINE.values() for topic, told in below.items()}
    best = max(hits, key=lambda topic: (hits[topic], topic))
    return best if hits[best] > 0 and list(hits.values()).count(hits[best]) == 1 else None


async def run(arm: str, seed: int, tokens: int, folder: Path) -> dict[str, Any]:
    """Play one arm of one seed."""
    outline = folder / "topics.md"
    lines = [f"- {top}\n" + "".join(f"  - {topic}\n" for topic in below) for top, below in OUTLINE.items()]
    outline.write_text("".join(lines), encoding="utf-8")
    settings = RunSettings.model_validate(
        {
            "dialogues": 200,
            "seed": seed,
            "outline": outline,
            "scenarios": ("science-explained",),
            "planning": {"by": arm, "window": 4},
            "concurrency": 2,
            "max_turns": 4,
            "sampling": {"max_tokens": 48},
            "critic": {"enabled": False},
            "guards": {"mode": "off"},
            "max_tokens_total": tokens,
        }
    )
    out = await create(settings, load_library(settings), folder / f"{arm}-{seed}")
    await play(out)
    with closing(RunReader(out)) as reader:
        seen = survey(reader)
    accepted = [one for one in seen.ended if one.accepted]
    about = [judged(" ".join(text for _, text in one.turns)) for one in accepted]
    return {
        "ended": len(seen.ended),
        "accepted": len(about),
        "by_judge": len(set(about) - {None}),
        "by_steering": seen.coverage.covered,
        "on_topic": sum(one.assignment.topic[-1] == found for one, found in zip(accepted, about, strict=True)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=15_000, help="tokens of an arm, prompts and completions")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    made: dict[str, list[dict[str, Any]]] = {arm: [] for arm in ARMS}
    with tempfile.TemporaryDirectory() as place:
        for seed in range(given.seeds):
            for arm in ARMS:
                made[arm].append(asyncio.run(run(arm, seed, given.tokens, Path(place))))
                print(f"  seed {seed} {arm}: {made[arm][-1]}", flush=True)
    topics = sum(map(len, OUTLINE.values()))
    print(f"\n{'arm':10} {'ended':>6} {'accepted':>9} {'topics by judge':>16} {'by steering':>12}   of {topics}")
    for arm, results in made.items():
        mean = {name: sum(one[name] for one in results) / len(results) for name in results[0]}
        told = f"{mean['ended']:6.1f} {mean['accepted']:9.1f} {mean['by_judge']:16.1f} {mean['by_steering']:12.1f}"
        print(f"{arm:10} {told}")
    pairs = list(zip(made["coverage"], made["rotation"], strict=True))
    for name, told in (("by_judge", "the judge"), ("by_steering", "the steering's own placing")):
        more = [one[name] - other[name] for one, other in pairs]
        print(f"coverage less rotation by {told}: {', '.join(f'{gap:+d}' for gap in more)}")
    if given.json:
        print(json.dumps(made))


if __name__ == "__main__":
    main()
