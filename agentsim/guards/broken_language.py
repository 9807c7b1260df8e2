"""A turn that is no longer language, or not the conversation's."""

import re
from collections import Counter
from itertools import pairwise

from agentsim.guards.gibberish import gibberish
from agentsim.guards.other_language import other_language
from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import Reading, Span
from agentsim.schema import Finding

_MARKS = re.compile(
    r"<\|[a-z0-9_▁ ]{1,40}\|>|<｜[^｜\n]{1,40}｜>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>|\[(?:PAD|UNK|CLS|SEP|MASK)\]"  # noqa: E501
    r"|</?think>|<0x[0-9A-F]{2}>|\{\{\s*(?:user|char|assistant|name|prompt|response)\s*\}\}|^#{2,3} (?:Instruction|Response|Input|Human|Assistant):"  # noqa: E501
    r"|###? ?(?:Human|Assistant|Instruction|Response|User|System) ?:|\[\|\w{2,20}\|\]|<\|?(?:eot|eos|bos)(?:_id|_token)?\|?>|<extra_id_\d+>|<unused\d+>"  # noqa: E501
    r"|</?(?:assistant|tool_call|tool_response|scratchpad|end_of_text|end_of_utterance|endofturn|turn_end|reserved_\w+)>|\[/?(?:EOS|BOS|EOT|SYS|TOOL_CALLS|AVAILABLE_TOOLS|END_OF_TEXT)\]"
    r"|<(?:im_start|im_end|endoftext)\b|(?<!\w)(?:im_start|im_end|endoftext)(?!\w)|[ĠĊ]\w+[ĠĊ]|▁\w+▁",
    re.M,
)
_MOJIBAKE = re.compile(
    r"\ufffd|[ÃÂ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œžŸ¡-¿]|â€[\x80-\xff™œ\x9dž¦“”˜]?|ï¿½|ðŸ[\x80-\xff˜’‘]?|[ÐÑ][\x80-\xbf°±²³´µ¶·¸¹º»¼½¾¿€‚ƒ„…†‡]"
    r"|&#x?[0-9a-f]{2,5};|&(?:quot|amp|lt|gt|apos|eacute|uuml|ouml|auml);|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|(?<=[a-zß-ÿ])\?(?=[a-zß-ÿ])",
    re.I,
)
_LAUGH = re.compile(
    r"(?:h+a+|h+e+|l+a+|n+a+|x+d*|lol|ja|ah|oh|no|na|bla|ho|hi|да|нет|ха|хи|ハ|は|哈|ㅋ|ㅎ|very|so|really|muy|sehr|zzz|tick|tock|knock|ring|beep|drip|ding|tap|dum|la)+"
)


def broken_language(prepared: Prepared) -> list[Finding]:
    """Find turns of gibberish, loops, template marks, broken encoding, or in another language without reason."""
    found = []
    for position in range(len(prepared)):
        best = _broken(prepared, position)
        if best is not None:
            found.append(prepared.finding(position, "broken_language", *best))
    return found


def _broken(prepared: Prepared, position: int) -> tuple[float, Span, str] | None:
    reading = prepared.readings[position]
    if not reading.text.strip():
        return None
    return (
        _template(prepared, position)
        or _encoding(prepared, position)
        or _loop(prepared, position)
        or other_language(prepared, position)
        or gibberish(prepared, position)
    )


def _template(prepared: Prepared, position: int) -> tuple[float, Span, str] | None:
    text = prepared.readings[position].text
    if not any(char in text for char in "<[{#Ġ▁") and "im_" not in text and "endof" not in text:
        return None
    # Marks in code or quotations are what is talked about.
    prose = prepared.readings[position].prose
    for match in _MARKS.finditer(text):
        if (
            match.start() >= len(prose)
            or prose[match.start()] != "\x00"
            or match.group().startswith(("<|im", "[/INST", "[INST"))
        ):
            if _about_marks(prepared, position):
                return None
            return 0.95, match.span(), "marks of a prompt template"
    return None


def _about_marks(prepared: Prepared, position: int) -> bool:
    about = (
        f"{prepared.talk.task} {prepared.talk.setting} {prepared.turns[position - 1].text if position else ''}".lower()
    )
    return any(
        word in about
        for word in (
            "token",
            "template",
            "html",
            "markup",
            "prompt format",
            "xml",
            "jinja",
            "encod",
            "charset",
            "utf",
            "latin-1",
            "unicode",
            "mojibake",
            "garbled",
            "umlaut",
            "accent",
            "character set",
            "csv",
        )
    )


def _encoding(prepared: Prepared, position: int) -> tuple[float, Span, str] | None:
    reading = prepared.readings[position]
    if reading.text.isascii() and not any(mark in reading.prose for mark in ("&", "\\", "?")):
        return None
    hits = list(_MOJIBAKE.finditer(reading.text))
    shown = [hit for hit in hits if hit.start() >= len(reading.prose) or reading.prose[hit.start()] != "\x00"]
    if (not shown and reading.text.isascii()) or _about_marks(prepared, position):
        return None
    sure = [hit for hit in shown if "\ufffd" in hit.group() or hit.group()[0] in "âïð"]
    runs = _misread(reading)
    if runs:
        return 0.93, (max(0, runs[0][0] - 8), runs[0][1]), "broken encoding"
    if len(shown) >= 2 or (sure and "\ufffd" in sure[0].group()):
        return 0.92, (max(0, shown[0].start() - 8), shown[0].end()), "broken encoding"
    return None


_ODD_RUN = re.compile(r"[\u0080-\u00ff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{2,}")
_ODD_CYRILLIC = re.compile(r"(?:[РС][\u0402-\u040f\u0452-\u045f\u00a0°±µ¶·ё№»‚„…†‡€‰‹‘’“”•–—™]){3,}")


def _misread(reading: Reading) -> list[Span]:
    """Return where letters of one code page are the bytes of others in UTF-8; nothing where that is only once."""
    found = [match.span() for match in _ODD_CYRILLIC.finditer(reading.text)]
    if found:
        return found
    for match in _ODD_RUN.finditer(reading.text[: len(reading.prose)]):
        if reading.prose[match.start()] == "\x00":
            continue
        raw = b"".join(_byte(char) for char in match.group())
        try:
            shown = raw.decode("utf-8")
        except UnicodeDecodeError:
            continue
        if any(char.isalpha() or 0x900 <= ord(char) <= 0xDFF for char in shown) or "\u2010" <= shown[0] <= "\u2026":
            found.append(match.span())
    return found if len(found) >= 2 else []


def _byte(char: str) -> bytes:
    try:
        return char.encode("cp1252")
    except UnicodeEncodeError:
        return char.encode("latin-1", "replace")


def _loop(prepared: Prepared, position: int) -> tuple[float, Span, str] | None:
    reading = prepared.readings[position]
    words = reading.words
    if len(words) < 6:
        return _letters(reading)
    pairs = len(set(pairwise(words)))
    if len(words) - 1 - pairs < 4 and len(set(words)) > 0.35 * len(words):
        return _letters(reading) if reading.code else _varied_loop(reading) or _letters(reading)
    playful = any(prepared.has(at, "play") for at in range(position + 1)) or prepared.has_text(
        prepared.talk.task, "play"
    )
    for period in range(1, min(30, len(words) // 2) + 1):
        run = best = 0
        end = 0
        for at in range(period, len(words)):
            run = run + 1 if words[at] == words[at - period] else 0
            if run > best:
                best, end = run, at
        # A long phrase that is said twice in a row is caught already.
        need = {1: 5, 2: 6}.get(period, 2 * period if period < 8 else period)
        if period <= 2 and all(_LAUGH.fullmatch(word) for word in words[end - best - period + 1 : end + 1]):
            need = 14
        if reading.unspaced:
            need = max(need, 6)
        if best < need:
            continue
        first, last = reading.places[end - best - period + 1][0], reading.places[end][1]
        looped = reading.text[first:last]
        if sum(char.isdigit() or char in "[](){}=/<>" for char in looped) > 0.06 * len(looped):
            continue  # logs and tables say the same thing over and over
        lines = looped.count("\n") >= best // period
        if playful and (lines or best < 3 * need):
            continue
        return 0.93, (first, last), "a phrase caught in a loop"
    sentences = Counter(
        reading.own[start:end].strip()
        for start, end in reading.sentences
        if end - start > 16 and "[" not in reading.own[start:end]
    )
    if sentences and not playful:
        text, times = sentences.most_common(1)[0]
        if times >= 3:
            start = reading.own.find(text)
            return 0.9, (start, start + len(text)), "a sentence caught in a loop"
    if not playful and not reading.code:
        varied = _varied_loop(reading)
        if varied is not None:
            return varied
    return _letters(reading)


def _varied_loop(reading: Reading) -> tuple[float, Span, str] | None:
    """Find the loop that changes a word each time round, and the stammer that says each word twice."""
    words, places = reading.words, reading.places
    twice = {one for one, two in pairwise(words) if one == two and not _LAUGH.fullmatch(one)}
    if len(twice) >= 3 and len(twice) >= 0.15 * len(words) and not reading.unspaced:
        return 0.85, (places[0][0], places[-1][1]), "words said twice"
    if reading.unspaced or len(words) < 24 or len(set(words)) > 0.45 * len(words):
        return None
    if any(map(str.isdigit, reading.own)) or reading.own.count("\n") >= 3:
        return None  # lists and logs
    threes = Counter(zip(words, words[1:], words[2:], strict=False))
    if sum(times for times in threes.values() if times >= 3) < 0.45 * (len(words) - 2):
        return None
    three = max(threes, key=lambda held: threes[held])
    at = next(at for at in range(len(words) - 2) if tuple(words[at : at + 3]) == three)
    return 0.8, (places[at][0], places[-1][1]), "a phrase caught in a loop"


_LETTER_LOOP = re.compile(r"((?!\s)[^\W\d_]{1,12}?)\1{7,}")


def _letters(reading: Reading) -> tuple[float, Span, str] | None:
    match = _LETTER_LOOP.search(reading.own)
    if (
        match is None
        or len(match.group()) < 14
        or (len(match[1]) == 1 and len(match.group()) < 40)
        or _LAUGH.fullmatch(match[1])
    ):
        return None
    return 0.85, match.span(), "letters caught in a loop"
