"""Three people at one table: whoever is addressed speaks next, and each sees a well-formed chat of its own.

Both roles that are trained on give rows.
"""

from agentsim import Library, simulate

library = Library.load()
own = {"id": "project-meeting-addressed", "turn_taking": "addressed"}
meeting = library.scenarios["project-meeting"].model_copy(update=own)
run = simulate(scenarios=[meeting], dialogues=1, max_turns=6, seed=2, out="runs/three-roles")
for record in run.records():
    for turn in record.dialogue.turns:
        print(f"{turn.role}: {turn.text}")
result = run.export("three-roles-dataset")
print(result.train + result.validation, "rows")
