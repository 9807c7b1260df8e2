"""Who speaks next where three or more talk: the next in the round, whoever was addressed, or whoever a model
names."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agentsim.dialogue.stage import SideModel, Stage, display_names
from agentsim.dialogue.transcript import fence_mark, transcript_lines
from agentsim.llm.structured import ask_json
from agentsim.planning.seeded import derive_seed
from agentsim.schema import Assignment, Persona, Scenario, Turn, Usage

PATIENCE = 2
"""Rounds after which a role that was silent all the while speaks next, whoever was addressed."""

LONGEST = 4_000
"""Characters of a turn in which an address is looked for: half of them at its start, half at its end."""


@dataclass(frozen=True)
class Chosen:
    """The role that speaks next, and how it was found."""

    role: str
    """Its name."""

    by: Literal["rule", "model"] = "rule"
    """Whether a model's answer decided."""

    usage: Usage = Usage()
    """What asking took, an answer of no use included; ``calls`` is 0 where nobody was asked."""


async def choose_speaker(
    stage: Stage,
    side: SideModel | None,
    scenario: Scenario,
    assignment: Assignment,
    people: Mapping[str, Persona],
    turns: Sequence[Turn],
) -> Chosen:
    """Return who speaks after these turns, by the scenario's ``turn_taking``.

    The choice depends on the arguments and on recorded answers alone, so a dialogue that is taken up again
    makes the same one. A model is asked only where ``side`` is given and more than one role may speak; of an
    answer that names none of them only the cost is kept, and the rule for addresses decides.

    Raises:
        ModelError: where the model failed for good.
        BudgetReached: where a cap does not allow the call.
    """
    order = [role.name for role in scenario.order]
    speakers = [turn.role for turn in turns]
    if scenario.turn_taking == "round_robin":
        return Chosen(next_in_round(order, speakers))
    least = scenario.ending.min_turns
    allowed = may_speak(order, speakers, min_turns=least)
    if len(allowed) == 1:
        return Chosen(allowed[0])
    usage = Usage()
    if scenario.turn_taking == "model" and side is not None:
        named, usage = await _ask(stage, side, scenario, assignment, people, turns, allowed)
        if named is not None:
            return Chosen(named, "model", usage)
    said = [(turn.role, turn.text) for turn in turns]
    return Chosen(next_addressed(order, said, forms_of_address(scenario, people), min_turns=least), "rule", usage)


async def _ask(
    stage: Stage,
    side: SideModel,
    scenario: Scenario,
    assignment: Assignment,
    people: Mapping[str, Persona],
    turns: Sequence[Turn],
    allowed: Sequence[str],
) -> tuple[str | None, Usage]:
    """Ask which of the allowed roles speaks next; ``None`` where the answer names none of them."""
    # Nobody is silent for longer than this, so everybody's last words are in it.
    latest = turns[-PATIENCE * len(scenario.roles) - 1 :]
    names = display_names(scenario, people)
    prompt = stage.prompts.render(
        "order",
        transcript=transcript_lines(latest),
        mark=fence_mark(latest),
        people=[{"role": name, "name": names[name], "title": scenario.role(name).title} for name in allowed],
    )
    schema: dict[str, Any] = {
        "title": "next_speaker",
        "type": "object",
        "properties": {"next": {"type": "string", "enum": list(allowed)}},
        "required": ["next"],
        "additionalProperties": False,
    }
    seed = derive_seed(assignment.seed, "order", len(turns))
    found, answer = await ask_json(stage.door, side.model, prompt, schema, params=dict(side.params), sample=seed)
    named = found.get("next") if found else None
    return named if isinstance(named, str) and named in allowed else None, answer.usage


def next_in_round(order: Sequence[str], speakers: Sequence[str]) -> str:
    """Return who follows the last of ``speakers`` in the round; the first of ``order`` begins."""
    return order[(order.index(speakers[-1]) + 1) % len(order)] if speakers else order[0]


def may_speak(order: Sequence[str], speakers: Sequence[str], *, min_turns: int = 0) -> tuple[str, ...]:
    """Return the roles that may speak next, the one that was silent longest first; among equals, in the
    round's order.

    The first of ``order`` begins; the last speaker is never among them. Only those that were silent longest
    are returned where otherwise somebody would be silent for more than ``PATIENCE`` rounds, or would not have
    spoken within the first ``min_turns`` turns. So nobody is ever silent for more than ``PATIENCE`` rounds,
    and everybody speaks within ``min_turns`` turns if there are that many roles at most.

    Args:
        order: the roles, as they take turns in a round.
        speakers: who spoke, oldest turn first.
        min_turns: within how many turns everybody is to speak; 0 sets no such limit.
    """
    if not speakers:
        return (order[0],)
    latest = {role: index for index, role in enumerate(speakers)}
    place = order.index(speakers[-1])
    round_ = [*order[place + 1 :], *order[:place]]
    waiting = sorted(round_, key=lambda role: latest.get(role, -1))
    unheard = sum(role not in latest for role in waiting)
    # Each of those ahead in the queue takes a turn, so the last of them needs its place in time, too.
    silent = [len(speakers) - 1 - latest.get(role, -1) for role in waiting]
    late = any(turns + ahead >= PATIENCE * len(order) for ahead, turns in enumerate(silent))
    if late or 0 < min_turns - len(speakers) <= unheard:
        return tuple(role for role, turns in zip(waiting, silent, strict=True) if turns == silent[0])
    return tuple(waiting)


def round_over(order: Sequence[str], speakers: Sequence[str]) -> bool:
    """Return whether as many turns as there are roles were spoken since the last round was over, and
    everybody has spoken by now.

    In a fixed order this is after every round; in any other, it is as often, but not before all were heard.
    """
    return len(speakers) % len(order) == 0 and set(order) <= set(speakers)


def next_addressed(
    order: Sequence[str], said: Sequence[tuple[str, str]], forms: Mapping[str, str], *, min_turns: int = 0
) -> str:
    """Return the role that the last turn addresses, if it may speak; else the one that was silent longest.

    Args:
        order: the roles, as they take turns in a round; the first one begins.
        said: the turns, oldest first: role name and text.
        forms: what each role is called, as `forms_of_address` returns it.
        min_turns: as for `may_speak`.
    """
    allowed = may_speak(order, [role for role, _ in said], min_turns=min_turns)
    if len(allowed) == 1:
        return allowed[0]
    named = addressed(said[-1][1], said[-1][0], forms)
    return named if named in allowed else allowed[0]


def addressed(text: str, speaker: str, forms: Mapping[str, str]) -> str | None:
    """Return the role that a turn of ``speaker``'s hands over to, or ``None`` where it names nobody.

    In this order: the last ``@name``; the last question that calls somebody, or that asks about one role
    alone without saying "you"; the last sentence that calls somebody. Somebody is called by a form of address
    that stands by itself at the start or the end of a sentence, or between commas in a question. Of several
    in one sentence the first counts.
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]}\n{text[-LONGEST // 2 :]}"
    text = _fold(text)
    others = {form: role for form, role in forms.items() if role != speaker}
    if not others:
        return None
    # Longest first: "ana lima" is one person, "ana" may be another.
    any_form = re.compile(rf"(?<!\w)(@ ?)?({'|'.join(map(re.escape, sorted(forms, key=len, reverse=True)))})(?!\w)")
    tagged = [others[found[2]] for found in any_form.finditer(text) if found[1] and found[2] in others]
    if tagged:
        return tagged[-1]
    asked: str | None = None
    called: str | None = None
    for sentence in _SENTENCES.split(text):
        question = sentence.rstrip(_EDGES).endswith(("?", "？", "؟"))
        role = next(_vocatives(sentence, forms, speaker, question=question), None)
        called = role or called
        if role is None and question and not _YOU.search(sentence):
            about = {others[found[2]] for found in any_form.finditer(sentence) if found[2] in others}
            role = about.pop() if len(about) == 1 else None
        if question:
            asked = role or asked
    return asked or called


def _vocatives(sentence: str, forms: Mapping[str, str], speaker: str, *, question: bool) -> Iterator[str]:
    """Yield the roles other than the speaker that a folded sentence calls, in order."""
    parts = [part for piece in _COMMAS.split(sentence) if (part := piece.strip(_EDGES))]
    start = True
    for place, part in enumerate(parts):
        words = part.split()
        strip = _OPENERS | _HONORIFICS if start else _HONORIFICS
        # A person may be called what is also an opening word: forms come first.
        while words and " ".join(words) not in forms and words[0] in strip:
            words = words[1:]
        role = forms.get(" ".join(words))
        if role is not None and role != speaker and (start or question or place == len(parts) - 1):
            yield role
        # Behind "yes," and behind the speaker's own label the sentence still begins.
        start = start and (not words or role == speaker)


def forms_of_address(scenario: Scenario, people: Mapping[str, Persona]) -> dict[str, str]:
    """Return the role that each form of address means, by the form in lower case without accents.

    Forms are a role's name, its person's whole name, the parts of that name, and the role's title up to what
    describes it ("an architect who drew the first sketch" is called "architect"). A form that would mean two
    roles is left out; a whole name goes before a part of somebody else's.
    """
    names = display_names(scenario, people)
    strong = [(form, role.name) for role in scenario.order for form in (role.name, names[role.name])]
    weak = [
        (form, role.name)
        for role in scenario.order
        for form in (*(_name_parts(names[role.name]) if role.name in people else ()), _plain_title(role.title))
    ]
    return _unique(weak) | _unique(strong)


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    owners: dict[str, set[str]] = {}
    for form, role in pairs:
        owners.setdefault(_fold(form).strip(_EDGES + "."), set()).add(role)
    return {form: roles.pop() for form, roles in owners.items() if form and len(roles) == 1}


def _name_parts(name: str) -> list[str]:
    """Return every word of a person's name that can stand for it, and all words but the first."""
    words = _fold(name).split()
    while len(words) > 1 and words[0] in _HONORIFICS:
        words = words[1:]
    single = [word for word in words if len(word.strip(".")) > 1 and word not in _PARTICLES]
    return [*single, " ".join(words), " ".join(words[1:])]


def _plain_title(title: str) -> str:
    """Return a title without its article and without what describes it; nothing where it is a long one."""
    words = _DESCRIBED.split(_fold(title), maxsplit=1)[0].split()
    if len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    return " ".join(words) if len(words) <= 3 else ""


def _fold(text: str) -> str:
    """Return the text as forms are compared: lower case, without accents and emphasis, spaces single."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.replace("…", ".\n"))
        text = "".join(letter for letter in decomposed if not "\u0300" <= letter <= "\u036f")
        text = unicodedata.normalize("NFC", text)
    text = text.casefold().translate(_MARKS)
    return _DOTTED.sub(r"\1", _SPACES.sub(" ", text))


_MARKS = str.maketrans({"_": " ", "\u2019": "'", **dict.fromkeys('*`~"“”„«»¿¡')})
_SPACES = re.compile(r"[^\S\n]+")
_DOTTED = re.compile(r"\b(dr|mr|mrs|ms|prof|sr|sra|srta|st|hr|fr|mme|mlle)\.")
_SENTENCES = re.compile(r"(?<=[.!?؟])[)\]']*\s|(?<=[。！？])|\n")
_COMMAS = re.compile(r"[,;:.!?—–،؟、，：；。！？]+|\s-+\s")
_EDGES = " \n'()[]<>#-"
_YOU = re.compile(r"\by(?:ou|our|ours|ourself)\b")
_DESCRIBED = re.compile(r"[,;:(]| (?:who|whom|whose|that|which|of|from|at|in|on|with|for|to|by|against) ")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ARTICLES = _words("a an the ein eine der die das un une le la les el los las um uma o os uno il lo gli")
_PARTICLES = _words("de da do dos das di del della der den van von zu y e la le al bin binti ibn")
_HONORIFICS = _words(
    "mr mrs ms miss dr prof professor doctor sir madam dear my herr frau hr fr monsieur madame mme mlle m senor senora "
    "srta don dona sr sra senhor senhora signor signora"
)
_OPENERS = _words(
    "hi hello hey greetings thanks thank you many yes yeah no ok okay alright all right well so and but now then first "
    "next finally also oh ah good morning afternoon evening sure sorry please indeed exactly agreed true welcome "
    "hallo guten tag morgen danke ja nein liebe lieber und aber bonjour merci oui non alors et mais cher chere "
    "hola gracias si buenos dias entonces pero ola obrigado obrigada sim nao bom dia entao mas "
    "ciao grazie allora ma buongiorno"
)
