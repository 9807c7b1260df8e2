"""Which dialogue comes next, from what became of the earlier ones.

Assignment ``k`` sees the outcomes of all assignments up to ``k - window`` in the order of their numbers, and of no
later ones, whenever these came in; so a fast or slow answer never changes the plan, and neither does concurrency. The
price: a dialogue waits where one that is ``window`` places before it has not ended, and its choice does not know of the
latest.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from agentsim.errors import UserError
from agentsim.planning.casting import Casting
from agentsim.planning.frontier import Frontier
from agentsim.planning.gain import PATIENCE, chance, gain
from agentsim.planning.plan import Plan
from agentsim.planning.proposals import Proposals
from agentsim.planning.shares import known, weights
from agentsim.planning.spread import spread
from agentsim.schema import Assignment, Scenario, TopicPath


@dataclass(frozen=True)
class Ended:
    """What became of an assignment."""

    accepted: bool
    """Whether its dialogue goes into the dataset."""

    about: TopicPath | None
    """The leaf that it was about, by what was said; ``None`` where it was about none."""

    also: tuple[TopicPath, ...] = ()
    """Other leaves that it was about too."""


@dataclass(frozen=True)
class Wait:
    """No choice can be made before the outcome of an assignment is known."""

    index: int
    """Which one."""


@dataclass(frozen=True)
class Goals:
    """When a run has enough."""

    accepted: int | None = None
    """Accepted dialogues in all."""

    per_topic: int | None = None
    """Accepted dialogues about each leaf."""


@dataclass
class Cell:
    """What is known of one leaf."""

    topic: TopicPath
    scenarios: list[Scenario]
    """Those that can be about it."""

    weight: float = 1.0
    held: int = 0
    """Accepted dialogues about it, whatever they were assigned to."""

    in_flight: int = 0
    """Dialogues assigned to it whose outcome was not seen."""

    tries: int = 0
    """Dialogues assigned to it whose outcome was seen."""

    hits: int = 0
    """Of these, how many were accepted and about it."""


class Steering:
    """The sequence of assignments of one run.

    Args:
        plan: what can be assigned, and the seed.
        levels: difficulty of each persona, by id.
        window: how many assignments lie between the newest outcome that is seen and the choice; 1 or more.
        goals: when there is enough.
        shares: target shares, by ``topic``, ``scenario``, ``persona`` and ``difficulty``, and their names.
        beyond: share of the assignments that are spent on what lies beyond, 0 to 1.
        skills: people who know of the same, a group each; walks to what lies beyond go over these too.

    Raises:
        UserError: where a share names what the run does not have, or shares are more than 1.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        levels: Mapping[str, str],
        window: int,
        goals: Goals = Goals(),
        shares: Mapping[str, Mapping[str, float]] | None = None,
        beyond: float = 0.0,
        skills: Iterable[Collection[str]] = (),
    ) -> None:
        shares = shares or {}
        self._plan = plan
        self._window = window
        self.goals = goals
        self._scenario_shares = shares.get("scenario", {})
        people = {
            (kind, name): part for kind in ("persona", "difficulty") for name, part in shares.get(kind, {}).items()
        }
        castable = {
            person
            for scenario in plan.scenarios
            for role in scenario.roles
            if role.persona is not None
            for person in plan.candidates(scenario.id, role.name)
        }
        known("scenario", self._scenario_shares, {scenario.id for scenario in plan.scenarios})
        known("persona", shares.get("persona", {}), castable)
        known("difficulty", shares.get("difficulty", {}), {levels[person] for person in castable})
        self._casting = Casting(plan, levels, people)
        self._assigned: list[tuple[Assignment, int]] = []
        self._ended: dict[int, Ended] = {}
        self._seen = 0
        self._accepted = 0
        self._tries: dict[str, list[int]] = {scenario.id: [0, 0, 0] for scenario in plan.scenarios}
        """For each scenario its assignments, outcomes seen, and successes among these."""

        self._both: dict[tuple[int, str], int] = {}
        """Assignments by cell and scenario."""

        about: dict[TopicPath, list[Scenario]] = {}
        for scenario in plan.scenarios:
            for topic in scenario.topic_paths():
                about.setdefault(topic, []).append(scenario)
        order = spread(list(about), plan.seed)
        by_topic = weights(order, shares.get("topic", {}))
        by_scenario = self._scenario_weights(about)
        self.cells = [
            Cell(topic, about[topic], weight * by_scenario[topic])
            for topic, weight in zip(order, by_topic, strict=True)
        ]
        """Every leaf, in the order in which equals are taken."""

        if not any(cell.weight > 0 for cell in self.cells):
            raise UserError("the shares leave nothing to play", fix="give some topic of some scenario a share above 0")

        self._lacks = [0] * len(self.cells)
        self.lacking = 0
        """Accepted dialogues that are still wanted, where each leaf is to have a number of them."""

        self._number = {cell.topic: number for number, cell in enumerate(self.cells)}
        self._beyond = Proposals(plan, self._casting, beyond, [cell.topic for cell in self.cells], skills)
        self._frontier = Frontier(range(len(self.cells)))
        for number in range(len(self.cells)):
            self._tell(number)

    @property
    def planned(self) -> int:
        """Assignments made so far."""
        return len(self._assigned)

    @property
    def seen(self) -> int:
        """How many of them, from the first on, have an outcome that was seen."""
        return self._seen

    def ended(self, index: int, outcome: Ended) -> None:
        """Tell what became of an assignment; in any order."""
        if index >= self._seen:
            self._ended[index] = outcome
            return
        # It was tried again, after it had been seen to fail.
        cell = self.cells[self._assigned[index][1]]
        cell.tries -= 1
        cell.in_flight += 1
        tries = self._tries[self._assigned[index][0].scenario]
        tries[1] -= 1
        self._count(index, outcome)

    def next(self) -> Assignment | Wait | None:
        """Return the next assignment, what it waits for, or ``None`` where there is enough."""
        missing = self._see(max(0, self.planned - self._window + 1))
        if missing is not None:
            return missing
        # Where what is in flight may be enough, its outcomes are seen one by one before more is begun.
        while (cell := self._wanted()) is None:
            if self._seen == self.planned:
                return None
            missing = self._see(self._seen + 1)
            if missing is not None:
                return missing
        assignment = self._assign(cell)
        self.take(assignment, self._seen)
        return assignment

    def take(self, assignment: Assignment, seen: int) -> Wait | None:
        """Go on after an assignment that was made before, which had seen the first ``seen`` outcomes.

        Returns what it waits for, where one of these is missing: then it is not taken.

        Raises:
            UserError: where it is about nothing that this run can be about.
        """
        if assignment.topic not in self._number or seen > self.planned:
            raise UserError(f"assignment {assignment.id} does not belong to this plan", fix="start a new run")
        missing = self._see(seen)
        if missing is not None:
            return missing
        number = self._number[assignment.topic]
        scenario = next(one for one in self._plan.scenarios if one.id == assignment.scenario)
        self._assigned.append((assignment, number))
        self._casting.keep(scenario, assignment.topic, assignment.cast)
        self._beyond.keep(assignment)
        self._tries[scenario.id][0] += 1
        self._both[number, scenario.id] = self._both.get((number, scenario.id), 0) + 1
        self.cells[number].in_flight += 1
        self._tell(number)
        return None

    def given_up(self) -> list[Cell]:
        """Return the leaves that are to have more dialogues and were given up."""
        return [cell for cell in self.cells if self._short(cell) and self._given_up(cell)]

    def _see(self, count: int) -> Wait | None:
        """Take in the first ``count`` outcomes; return what is missing, where one is."""
        while self._seen < count:
            outcome = self._ended.pop(self._seen, None)
            if outcome is None:
                return Wait(self._seen)
            self._seen += 1
            self._count(self._seen - 1, outcome)
        return None

    def _count(self, index: int, outcome: Ended) -> None:
        assignment, number = self._assigned[index]
        cell, about = self.cells[number], self._number.get(outcome.about or ())
        # What is a leaf here may have narrower topics in another scenario: these are about it too.
        within = outcome.about is not None and outcome.about[: len(cell.topic)] == cell.topic
        hit = outcome.accepted and within
        cell.in_flight -= 1
        cell.tries += 1
        cell.hits += hit
        tries = self._tries[assignment.scenario]
        tries[1] += 1
        tries[2] += hit
        if outcome.accepted:
            self._beyond.went_well(assignment, outcome.about, outcome.also)
            self._accepted += 1
            if about is not None:
                self.cells[about].held += 1
                self._tell(about)
            if within and about != number:
                cell.held += 1
        self._tell(number)

    def _wanted(self) -> int | None:
        """Return the leaf that is to come next, ``None`` where what is in flight may be enough."""
        goal = self.goals.accepted
        if goal is not None and self._accepted + self.planned - self._seen >= goal:
            return None
        return self._frontier.best()

    def _tell(self, number: int) -> None:
        cell = self.cells[number]
        goal = self.goals.per_topic
        if goal is not None and (cell.held + cell.in_flight >= goal or self._hopeless(cell)):
            worth = 0.0
        else:
            worth = gain(cell.weight, cell.held, cell.in_flight, cell.tries, cell.hits)
        self._frontier.tell(number, worth)
        if goal is not None:
            lacks = 0 if cell.weight == 0 or self._given_up(cell) else max(0, goal - cell.held)
            self.lacking += lacks - self._lacks[number]
            self._lacks[number] = lacks

    def _short(self, cell: Cell) -> bool:
        return self.goals.per_topic is not None and cell.held < self.goals.per_topic

    def _given_up(self, cell: Cell) -> bool:
        return not cell.in_flight and self._hopeless(cell)

    def _hopeless(self, cell: Cell) -> bool:
        """Return whether a leaf had its tries: all there are without a success, else so many for each that it is to
        have."""
        goal = self.goals.per_topic or 1
        tries = cell.tries + cell.in_flight
        return tries >= (PATIENCE * goal if cell.hits else PATIENCE)

    def _assign(self, number: int) -> Assignment:
        cell, index = self.cells[number], self.planned
        scenario = max(cell.scenarios, key=lambda one: (self._scenario_worth(number, one.id), one.id))
        given, beyond = self._beyond.propose(index, scenario, cell.topic)
        cast = self._casting.choose(scenario, cell.topic, index, given)
        return self._plan.assignment(index, scenario, cell.topic, cast, self._tries[scenario.id][0], beyond)

    def _scenario_worth(self, number: int, scenario: str) -> tuple[float, float]:
        assigned, tries, hits = self._tries[scenario]
        worth = chance(tries, hits) / (1 + self._both.get((number, scenario), 0))
        if scenario in self._scenario_shares:
            worth *= self._scenario_shares[scenario] * (self.planned + 1) / (assigned + 1)
        return worth, -assigned

    def _scenario_weights(self, about: Mapping[TopicPath, list[Scenario]]) -> Mapping[TopicPath, float]:
        """Return the weight of each leaf, so that scenarios get the shares that are asked for."""
        shares = self._scenario_shares
        if not shares:
            return dict.fromkeys(about, 1.0)
        # A leaf of several scenarios counts for each of them in part.
        sizes = dict.fromkeys((scenario.id for scenario in self._plan.scenarios), 0.0)
        for scenarios in about.values():
            for scenario in scenarios:
                sizes[scenario.id] += 1 / len(scenarios)
        free = sum(size for name, size in sizes.items() if name not in shares)
        left = max(0.0, 1 - sum(shares.values()))
        if not free and left > 1e-9:
            raise UserError(f"the shares of scenarios add up to {1 - left:g}", fix="1, where all of them have one")
        each = {
            name: (shares[name] / size if name in shares else left / free) * len(about) for name, size in sizes.items()
        }
        return {topic: sum(each[one.id] for one in scenarios) / len(scenarios) for topic, scenarios in about.items()}
