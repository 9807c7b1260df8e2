"""A scenario of one's own, made in Python, and the dataset that comes of it."""

from agentsim import Ending, PersonaSelector, Role, Scenario, TaskTemplate, Topic, simulate

lost_dog = Scenario(
    id="lost-dog",
    title="A call to the animal shelter",
    domain="civic",
    setting="The telephone of a small town's animal shelter, on a Sunday morning.",
    roles=(
        Role(
            name="caller",
            title="somebody whose dog has run away",
            part="leads",
            goal="Find out whether the dog was brought in.",
            private_goal="You left the gate open and would rather not say so.",
            persona=PersonaSelector(any_tags=("layperson",)),
        ),
        Role(
            name="shelter",
            title="the volunteer at the shelter's telephone",
            part="follows",
            train=True,
            goal="Find out what the dog looks like and say what to do next.",
            rules=("Ask one question at a time.", "Promise nothing."),
        ),
    ),
    task=TaskTemplate(
        text="The caller is looking for {dog}, which was last seen near {place}. They ask about {topic}.",
        slots={"dog": ("a brown terrier", "an old sheepdog"), "place": ("the river", "the school")},
    ),
    topics=(Topic(name="found animals"), Topic(name="opening hours"), Topic(name="fees")),
    ending=Ending(goal="The caller knows what to do next.", min_turns=4, max_turns=4),
)

run = simulate(scenarios=[lost_dog], dialogues=2, seed=3, out="runs/lost-dog")
print(run.tally)
print(run.export("lost-dog-dataset").folder)
