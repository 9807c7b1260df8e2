"""A persona of one's own, in a dozen lines, in a scenario that comes with agentsim."""

from agentsim import Difficulty, Persona, simulate

ivo = Persona(
    id="ivo",
    name="Ivo",
    summary="A tram driver on night shift who has no patience for forms.",
    background="Twenty years on line 6. Bought a kettle on the way home; it tripped the fuse the same night.",
    occupation="tram driver",
    age=51,
    region="Zagreb, Croatia",
    schooling="vocational school",
    speaking_style="Short sentences. Says 'look' a lot. Never says please twice.",
    difficulty=Difficulty(level=0.4, how=("impatient",), note="wants to hang up after three questions"),
    private_facts=("he threw the receipt away",),
    tags=("layperson",),
)

run = simulate(
    personas=[ivo, "clovis-theriot"],
    scenarios=["shop-return"],
    dialogues=1,
    max_turns=4,
    out="runs/own-persona",
)
for record in run.records():
    for turn in record.dialogue.turns:
        print(f"{turn.role}: {turn.text}")
    print(record.dialogue.end.reason, record.verdict.outcome)
