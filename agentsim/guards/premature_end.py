"""A conversation that closes or breaks off before its task is done."""

import re

from agentsim.guards.phrasebook import language, languages
from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import Span, read
from agentsim.schema import Finding

_ENDS = re.compile(r"[.!?…。！？।؟~)\]}>»”\"'」』】*_`|:;^♪]$|\.\s*$")
_OPEN_END = re.compile(r"[,，、;(\[{\-–—/&+=]$|:$|：$")
_PICTURE_END = re.compile(r"[\u2190-\u2bff\U0001f000-\U0001faff\ufe0f]\s*$")
_CUT_MARK = re.compile(r"\[(?:cut(?: off)?|truncated|interrupted|max(?:imum)? (?:tokens|length).*)\]\s*$", re.I)
_TOKEN = re.compile(r"\b(?:[A-Z]+_)*(?:TASK|JOB)_?(?:DONE|COMPLETED?|FINISHED)\b|\bTERMINATE\b")
_FORM = re.compile(r"^\s*(?:[-*•・|#>]|\d+[.)、])")
_NO = re.compile(
    r"\W*(?:no|nope|nah|not|never|nein|nee|non|não|nie|нет|не|hayır|tidak|nej|いいえ|いや|不|没|아니|لا|नहीं)(?!\w)|\W*(?:不|没|아니)"
)
_PROPOSES = re.compile(
    r"(?:what|how) about|why don't|wie wäre|qué tal|que tal|et si|che ne dici|co powiesz na|как насчёт|怎么样|どう|어때"
)
_NOW = re.compile(
    r"(?:^|[.!,;] )(?:now|next|then|also|please|and now)(?:,| the| let| add| do| write| make| give| show| put| for| change| explain)"  # noqa: E501
)
_LISTED = re.compile(r"[:：]\s*([^.:;!?。]+)")


def premature_end(prepared: Prepared) -> list[Finding]:
    """Find the turn that closes too early, or at which the conversation just breaks off.

    While the talk goes on, only a last turn that closes over an open question or request is one.
    """
    if len(prepared) < 2:
        return []
    last = len(prepared) - 1
    if not prepared.talk.over:
        closed = _closed_early(prepared, last)
        if closed is None or closed[0] != last:
            return []
        return [prepared.finding(last, "premature_end", *closed[1:])]
    while last > 0 and not prepared.turns[last].text.strip():
        last -= 1
    best = _cut(prepared, last)
    if best is not None:
        return [prepared.finding(last, "premature_end", *best)]
    closed = _closed_early(prepared, last)
    if closed is not None:
        position, confidence, span, detail = closed
        return [prepared.finding(position, "premature_end", confidence, span, detail)]
    best = _unanswered(prepared, last)
    if best is not None:
        return [prepared.finding(last, "premature_end", *best)]
    return []


def _cut(prepared: Prepared, last: int) -> tuple[float, Span, str] | None:
    reading = prepared.readings[last]
    text = reading.text.rstrip()
    tail = (max(0, len(text) - 60), len(text))
    if _CUT_MARK.search(text):
        return 0.95, tail, "cut off"
    if text.count("```") % 2:
        return 0.85, tail, "breaks off inside a block of code"
    if not text or text.endswith("```"):
        return None
    line = text[text.rfind("\n") + 1 :]
    if (
        _OPEN_END.search(text)
        and not _PICTURE_END.search(text)
        and not text.endswith(("--", ":-", ";-", "="))
        and len(reading.words) >= 4
    ):
        if text.endswith(("-", "–", "—")) and len(text) > 1 and text[-2] == " " and len(reading.words) < 6:
            return None
        return 0.85, tail, "breaks off in the middle of a sentence"
    if _ENDS.search(text) or _PICTURE_END.search(text) or text[-1] in "।؛":
        return None
    words = reading.words
    if not words or text[-1].isdigit():
        return None
    final = words[-1]
    known = language(prepared.tongue) if prepared.tongue in languages() else None
    if known is not None and final in known.open and len(words) >= 5:
        return 0.9, tail, "breaks off in the middle of a sentence"
    # A speaker who ends sentences with full stops and here, in a long one, does not.
    speaker = prepared.turns[last].speaker
    others = [
        said.text.rstrip() for said in prepared.turns[:last] if said.speaker == speaker and len(said.text.split()) > 3
    ]
    careful = not others or all(_ENDS.search(other) or _PICTURE_END.search(other) for other in others)
    sentence = reading.sentences[-1] if reading.sentences else (0, len(text))
    long = len([1 for start, _ in reading.places if start >= sentence[0]])
    least = 14 if reading.unspaced else 6
    if (
        careful
        and len(words) >= 2 * least
        and long >= least
        and not _FORM.match(line)
        and not (prepared.has(last, "farewell") or prepared.has(last, "refuse"))
    ):
        verse = text.count("\n") >= 3 and max(map(len, text.split("\n"))) < 60
        if not verse:
            return 0.75, tail, "breaks off without an end"
    return None


def _open_question(prepared: Prepared, position: int) -> Span | None:
    """Return the last question of a turn that wants an answer."""
    reading = prepared.readings[position]
    polite = prepared.spans(position, "more")
    for start, end in reversed(reading.sentences):
        part = reading.own[start:end]
        if any(mark in part for mark in "?？؟") and not any(start <= a < end for a, _ in polite):
            return start, end
    return None


def _request(prepared: Prepared, position: int) -> Span | None:
    spans = prepared.spans(position, "label_order") + prepared.spans(position, "order")
    return prepared.readings[position].sentence_of(spans[0]) if spans else None


def _closing(prepared: Prepared, position: int) -> bool:
    return prepared.has(position, "farewell") or prepared.has(position, "done")


def _left(prepared: Prepared, position: int) -> int:
    """Return how many words of a turn are no closing words, taken by sentences."""
    reading = prepared.readings[position]
    spans = [span for act in ("farewell", "thanks", "done", "assent") for span in prepared.spans(position, act)]
    closing = [span for act in ("farewell", "thanks", "done") for span in prepared.spans(position, act)]
    count = 0
    for start, end in reading.sentences:
        words = sum(1 for a, _ in reading.places if start <= a < end)
        if not any(start <= a < end for a, _ in spans):
            count += words
        elif not reading.unspaced and not any(start <= a < end for a, _ in closing):
            # Yes, and then something of its own.
            rest = sum(
                1 for a, _ in reading.places if start <= a < end and not any(one <= a < two for one, two in spans)
            )
            count += rest if rest >= 3 else 0
    return count


def _closed_early(prepared: Prepared, last: int) -> tuple[int, float, Span, str] | None:
    for position in range(1, last + 1):
        if not _closing(prepared, position):
            continue
        # What comes after it may only be more closing words.
        if any(_goes_on(prepared, at) for at in range(position + 1, last + 1)):
            continue
        reading = prepared.readings[position]
        spans = prepared.spans(position, "done") or prepared.spans(position, "farewell")
        span = reading.sentence_of(spans[0])
        if reading.asks or reading.code:
            continue
        allowed = 2 if not reading.unspaced else 6
        left = _left(prepared, position)
        before = prepared.before(position)
        while before is not None and not any(char.isalnum() for char in prepared.turns[before].text):
            before = before - 1 if before else None  # a turn without words answers nothing
        quizzed = prepared.situation.lesson and prepared.turns[position].speaker == prepared.situation.leader
        if quizzed or _NO.match(reading.own):
            return None  # the question before it is what the pupil was to say; or it is answered
        if before is not None and left <= allowed and (before == position - 1 or _silent(prepared, before, position)):
            question = _open_question(prepared, before)
            asked = question is not None
            if (
                question is not None
                and _answered_by_yes(prepared, before, question)
                and prepared.has(position, "assent")
            ):
                asked = False
            if asked and not _bids(prepared, before):
                return position, 0.85, span, "closes over an open question"
        if before is not None and before == position - 1:
            if _passes_over(prepared, before, position) and not _bids(prepared, before):
                return position, 0.8, span, "closes over an open question"
            leads = prepared.turns[before].speaker == prepared.situation.leader
            room = 14 if prepared.has(position, "done") and not any(map(str.isdigit, reading.own)) else allowed
            request = _request(prepared, before) if leads and left <= room else None
            if (
                leads
                and left <= allowed
                and _NOW.search(prepared.readings[before].own)
                and not prepared.has(before, "thanks")
            ):
                request = request or (0, len(prepared.turns[before].text))
            if request is not None and not prepared.has(position, "refuse"):
                return position, 0.82, span, "closes over an open request"
        if _nothing_done(prepared, position, left) and not any(map(str.isdigit, reading.own)):
            return position, 0.75, span, "closes before anything was done"
        if _items_left(prepared, position):
            return position, 0.72, span, "closes before all that was announced"
        if _bare_end(prepared, position, left):
            return position, 0.7, span, "says that the task is done before it is"
        return None
    return None


def _goes_on(prepared: Prepared, position: int) -> bool:
    """Return whether a turn is more than a reaction to a closing."""
    reading = prepared.readings[position]
    if reading.asks or reading.code:
        return True
    if _closing(prepared, position) or prepared.has(position, "thanks"):
        return False
    return len(reading.places) > 10 or any(map(str.isdigit, reading.own))


def _bids(prepared: Prepared, position: int) -> bool:
    """Return whether a turn says goodbye itself: in a sentence that asks nothing."""
    reading = prepared.readings[position]
    sentences = [reading.own[slice(*reading.sentence_of(span))] for span in prepared.spans(position, "farewell")]
    return any(not any(mark in sentence for mark in "?？؟") for sentence in sentences)


def _passes_over(prepared: Prepared, before: int, position: int) -> bool:
    """Return whether a goodbye has not one word, figure or yes for the question before it."""
    reading = prepared.readings[position]
    question = _open_question(prepared, before)
    if question is None or len(reading.places) > 24 or not prepared.has(position, "farewell"):
        return False
    if prepared.has(position, "refuse") or _NO.match(reading.own) or any(map(str.isdigit, reading.own)):
        return False
    if any(not reading.own[:start].strip() for start, _ in prepared.spans(position, "assent")):
        return False
    asked = set(prepared.content(read(prepared.turns[before].text[slice(*question)])))
    return not asked & set(prepared.content(reading))


def _silent(prepared: Prepared, first: int, last: int) -> bool:
    """Return whether nobody says a word between two turns."""
    return not any(char.isalnum() for at in range(first + 1, last) for char in prepared.turns[at].text)


def _answered_by_yes(prepared: Prepared, position: int, question: Span) -> bool:
    if _PROPOSES.search(prepared.readings[position].own, *question):
        return True
    return not any(question[0] <= start < question[1] for start, _ in prepared.spans(position, "wh"))


def _bare_end(prepared: Prepared, position: int, left: int) -> bool:
    """Return whether the leader of a task in steps calls it done after one step at most."""
    if _TOKEN.search(prepared.turns[position].text) and position <= 3 and left <= 2:
        return True  # the protocol's end mark before a second step
    if not prepared.has(position, "done") or left > 2 or prepared.turns[position].speaker != prepared.situation.leader:
        return False
    if prepared.situation.kind in ("guided", "interview"):
        asked = [
            prepared.turns[at].text for at in range(position) if prepared.turns[at].speaker == prepared.situation.leader
        ]
        answers = sum(prepared.turns[at].speaker != prepared.situation.leader for at in range(position))
        # One turn may ask for all there was to ask.
        return answers <= 1 and not any(text.count("?") >= 2 or ", and " in text for text in asked[-1:])
    labelled = any(prepared.has(at, "label_order") for at in range(position))
    replies = [at for at in range(position) if prepared.turns[at].speaker != prepared.situation.leader]
    worked = [at for at in replies if not prepared.has(at, "promise") or prepared.readings[at].code]
    return (labelled and len(replies) <= 1) or not worked


def _nothing_done(prepared: Prepared, position: int, left: int) -> bool:
    """Return whether who helps says goodbye in the first reply, or has done nothing but ask."""
    situation = prepared.situation
    speaker = prepared.turns[position].speaker
    if situation.kind != "service" or speaker == situation.leader or speaker != situation.serve:
        return False
    if left > (4 if not prepared.readings[position].unspaced else 10):
        return False
    own = [at for at in range(position) if prepared.turns[at].speaker == speaker]
    asked = [at for at in range(position) if prepared.turns[at].speaker != speaker]
    if not asked or any(prepared.has(at, "thanks") or prepared.has(at, "farewell") for at in asked):
        return False
    if len(prepared.readings[asked[0]].words) < 5 or set(prepared.content(prepared.readings[position])) & {
        stem for at in asked for stem in prepared.content(prepared.readings[at])
    }:
        return False
    return all(prepared.readings[at].asks and len(prepared.readings[at].sentences) == 1 for at in own)


def _items_left(prepared: Prepared, position: int) -> bool:
    """Return whether who asks the questions ends with half of those undone that the task lists or that were announced."""  # noqa: E501
    situation = prepared.situation
    leader = prepared.turns[position].speaker
    if situation.kind not in ("interview", "guided") or leader != situation.leader:
        return False
    asked = [at for at in range(position) if prepared.turns[at].speaker == leader and not prepared.has(at, "farewell")]
    listed = _LISTED.search(prepared.talk.task)
    items = (
        len([one for one in re.split(r"[,，、;]| and | und | y | et | e | i | и ", listed[1]) if one.strip()])
        if listed
        else 0
    )
    announced = [_announced(prepared.talk.task), *(_announced(prepared.readings[at].own) for at in asked)]
    items = max(items, *announced)
    # One turn may ask for several things.
    worked = sum(max(1, sum(prepared.turns[at].text.count(mark) for mark in "?？؟")) for at in asked)
    return items >= 3 and bool(asked) and worked <= items // 2


_ANNOUNCED = re.compile(
    r"(?<!\w)(three|four|five|six|seven|eight|ten|drei|vier|fünf|sechs|tres|cuatro|cinco|seis|trois|quatre|cinq|tre|quattro|cinque|três|quatro|drie|vijf|"
    r"trzy|cztery|pięć|три|четыре|пять|üç|dört|beş|tiga|empat|lima|[3-9]|10)(?: \w+){0,2}? "
    r"(?:questions?|exercises?|tasks?|things|topics|points|problems|sums|sentences|parts|aufgaben|fragen|punkte|preguntas|ejercicios|exercices|domande|esercizi|"
    r"perguntas|exercícios|vragen|opgaven|pytań|pytania|zadania|вопрос\w*|задани\w*|упражнени\w*|soru|alıştırma|pertanyaan|soal|frågor|uppgifter)"
)
_NUMBERS = {
    name: value
    for value, names in {
        3: "three drei tres trois tre três drie trzy три üç tiga",
        4: "four vier cuatro quatre quattro quatro cztery четыре dört empat",
        5: "five fünf cinco cinq cinque vijf pięć пять beş lima",
        6: "six sechs seis",
        7: "seven",
        8: "eight",
        10: "ten",
    }.items()
    for name in names.split()
}


def _announced(text: str) -> int:
    match = _ANNOUNCED.search(text.lower())
    return 0 if match is None else _NUMBERS.get(match[1]) or int(match[1])


def _unanswered(prepared: Prepared, last: int) -> tuple[float, Span, str] | None:
    if _closing(prepared, last) or prepared.has(last, "refuse"):
        return None
    reading = prepared.readings[last]
    if reading.text.strip().startswith("`") and reading.text.strip().endswith("`"):
        return None
    question = _open_question(prepared, last)
    speaker = prepared.turns[last].speaker
    if question is not None:
        if any(question[0] <= start < question[1] for start, _ in prepared.spans(last, "offer")):
            return None
        after = [place for place in reading.sentences if place[0] > question[0]]
        trailing = sum(1 for a, _ in reading.places if after and a >= after[0][0])
        if trailing <= (6 if not reading.unspaced else 14):
            return (
                (0.85 if speaker == prepared.situation.leader else 0.75),
                question,
                "ends on a question that nobody answers",
            )
        return None
    if speaker == prepared.situation.leader and not reading.code and prepared.situation.kind != "peers":
        request = _request(prepared, last)
        if request is not None:
            return 0.8, request, "ends on a request that nobody answers"
    return None
