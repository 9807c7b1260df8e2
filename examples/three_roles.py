"""Three people at one table: each sees a well-formed chat of its own, and both trained roles give a row."""

from agentsim import simulate

run = simulate(scenarios=["project-meeting"], dialogues=1, max_turns=6, seed=2, out="runs/three-roles")
for record in run.records():
    for turn in record.dialogue.turns:
        print(f"{turn.role}: {turn.text}")
result = run.export("three-roles-dataset")
print(result.train + result.validation, "rows")
