"""How the items of an agenda are worded: third person to second, orders to first-person lines, text to sentences."""

import re

WH = r"(?:(?:on|in|by) which|by when|whether|if|what|which|who|whom|where|when|why|how)"
SECOND_VERBS = "knows|has|is|was|wants|asks|says|needs|does|gives|takes|goes|points|brings|hopes|thinks|lives"
"""Verbs that may follow *and* after a clause about a role; only those that can be no plural noun."""
LONGEST = 160
"""Characters of a sentence that still fits an item."""

_FENCED = re.compile(r"```.*?(?:```|$)", re.S)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\"'`(]?[A-Z])")
_IRREGULAR = {"is": "are", "has": "have", "was": "were", "does": "do", "goes": "go"}
_ME = (
    (r"you are", "I am"),
    (r"are you", "am I"),
    (r"you were", "I was"),
    (r"(to|for|with|from|of|about|give|send|tell|reach|owe|pay|let|help) you", r"\1 me"),
    (r"you", "I"),
    (r"yours", "mine"),
    (r"yourself", "myself"),
    (r"your", "my"),
)
_LINES = (
    (r"Say roughly what it is about, (.+), and give no details", r"It is about \1"),
    (r"Say that (.+), and give no details", r"\1"),
    (r"Ask in a roundabout way for help, without saying with what", "I could do with some help"),
    (r"Say one sentence about something else, (.+); then come back to the subject", r"By the way, I think of \1"),
    (r"Say the opposite of what you said before, that it is not so: (.+)", r"I was wrong before, it is not so: \1"),
    (r"(?:Push back: )?say (?:only )?that (.+?),? and ask for (.+)", r"\1, so please give me \2"),
    (r"(?:Push back: )?say (?:only )?that (.+?),? and ask (.+)", r"\1, and I would like to know \2"),
    (r"(?:Push back: )?say (?:only |again )?that (.+)", r"\1"),
    (r"Tell (?:them )?that (.+)", r"\1"),
    (r"(?:Tell them|Now tell it): (.+)", r"\1"),
    (r"Ask for (.+)", r"I would like \1"),
    (r"Ask about (.+)", r"I have a question about \1"),
    (rf"Ask (?:again )?({WH}\b.+)", r"I would like to know \1"),
)
GOODBYE = "Thank you for your help, and goodbye."


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, fenced code left out, each on one line."""
    plain = " ".join(_FENCED.sub(" ", text).split())
    return [part for part in _SENTENCE.split(plain) if re.search(r"\w", part)]


def second_person(text: str, role: str, *, they: bool) -> str:
    """Return a text about a role as said to that role: ``The customer wants`` becomes ``You want``.

    Args:
        text: English, in the third person.
        role: the role's name, as the text calls it.
        they: whether *they* and *their* mean the role too.
    """
    name = re.escape(role.replace("_", " "))
    text = re.sub(rf"\b(t)he {name}['’]s\b", lambda m: _like(m[1], "your"), text, flags=re.I)
    text = re.sub(
        rf"\b(t)he {name} ([a-z]+)\b(?! (?:and|or) )",
        lambda m: f"{_like(m[1], 'you')} {_for_you(m[2])}",
        text,
        flags=re.I,
    )
    text = re.sub(rf"\b(t)he {name}\b", lambda m: _like(m[1], "you"), text, flags=re.I)
    if re.search(r"\byou\b", text, re.I):
        text = re.sub(rf"\b(and) ({SECOND_VERBS})\b", lambda m: f"{m[1]} {_for_you(m[2])}", text)
    if they:
        for word, mine in (("they", "you"), ("their", "your"), ("them", "you"), ("themselves", "yourself")):
            text = re.sub(rf"\b{word}\b", lambda m, mine=mine: _like(m[0], mine), text, flags=re.I)  # type: ignore[misc]
    return text


def _like(old: str, new: str) -> str:
    return new[0].upper() + new[1:] if old[0].isupper() else new


def _for_you(verb: str) -> str:
    """Return a verb's form after *you*; a word that is no verb in -s stays."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("ies"):
        return f"{verb[:-3]}y"
    if re.search(r"(?:ss|sh|ch|x|o)es$", verb):
        return verb[:-2]
    return verb[:-1] if verb.endswith("s") and not verb.endswith(("ss", "us")) else verb


_SMALL_WORDS = (
    "a an the you your they their there this that it its one two some somebody someone nobody both no what at in on by "
    "for from before after last while later earlier once since when if as guests several whatever particular special "
    "above all only with without"
)
_SMALL = frozenset(_SMALL_WORDS.split())


def lowered(sentence: str) -> str:
    """Return a sentence as it stands inside another: first letter small unless it may be a name, no full stop."""
    text = sentence.strip().rstrip(".!")
    first = re.split(r"[\s'’]", text, maxsplit=1)[0]
    return text[:1].lower() + text[1:] if first.lower() in _SMALL else text


def clipped(text: str) -> str | None:
    """Return a text that fits an item: whole, or up to its last comma or semicolon; ``None`` where neither fits."""
    if len(text) <= LONGEST:
        return text
    cut = max(text.rfind(mark, 0, LONGEST) for mark in (", ", "; "))
    return text[:cut] if cut > LONGEST // 4 else None


def spoken(text: str, *, closes: bool = False) -> str:
    """Return an item's text as a line in the first person: ``Ask how long it takes.`` becomes ``I would like to
    know how long it takes.``

    A goodbye becomes one; what is no order that is known stays as it is, in the first person.
    """
    if closes:
        return GOODBYE
    order = text.strip().rstrip(".")
    for pattern, line in _LINES:
        match = re.fullmatch(pattern, order, re.I)
        if match:
            order = match.expand(line)
            break
    for yours, mine in _ME:
        order = re.sub(rf"\b{yours}\b", mine, order, flags=re.I)
    return f"{order[0].upper()}{order[1:]}."
