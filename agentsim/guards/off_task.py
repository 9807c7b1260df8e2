"""A conversation that leaves its task for another subject and stays there.

Every stretch of turns is a candidate. What speaks for one: both sides tell of themselves and their kin, echo each
other with an exclamation, hang together by words that nobody said before, share few with the task, are far from it in
meaning, speak of a subject people slip into; how the stretch is entered ("by the way") and left ("back to"). Nothing of
this is proof alone: the weighted sum decides.
"""

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from agentsim.guards.prepared import Prepared
from agentsim.guards.reading import Reading, Span, folded, read
from agentsim.guards.subjects import heard
from agentsim.schema import Finding

if TYPE_CHECKING:
    from agentsim.meaning import Vectors

LONGEST = 8
"""Turns of a stretch that are looked at; a longer one is found by its first ones."""

SHORT = 3
"""Turns after its first that a stretch has which comes back; the others are taken as far as they go."""

# fmt: off
WEIGHTS: dict[str, float] = {
    "": -7.24, "about": -0.33, "aside": 1.9, "asks-entry": 0.61, "asks-rest": -0.97, "back": 1.78, "both-any":
    -0.16, "chain": -0.71, "chain-far": -0.72, "cries": 1.36, "cries-entry": 0.63, "cries-rest": -1.81, "digits":
    -1.59, "early": -1.32, "echoes": 4.68, "echoes-entry": 1.49, "feels": 0.11, "feels-entry": 0.85, "goes-on":
    -0.07, "helper-own": 0.93, "helper-own-rest": -0.43, "kin": -0.01, "long": 0.88, "loose": -0.89, "near-own-en":
    1.03, "near-own-other": 0.5, "near-rest-en": -2.43, "near-rest-other": -0.68, "near-task-en": -2.94,
    "near-task-other": -0.68, "new": 3.25, "no-task": -1.28, "overlap": -0.6, "overlap-rest": -0.11, "own": 1.31,
    "own-entry": 0.6, "parts": -0.62, "return": 0.15, "self": 0.78, "self-entry": 0.49, "size": 0.86, "size-rest":
    -0.79, "subject-share": 1.4, "subject3": 1.6, "to-end": -0.34,
}
# fmt: on
"""Weight of each feature, by logistic regression (L2 0.03) on the best stretch of each
dialogue: the labelled development part, less the small model's output where it is off its task, and 89 dialogues
written for it (46 of them off). In eight-fold cross-validation, no dialogue in two folds, precision is 0.87 and recall
0.70 at 0.8, 0.85 and 0.74 at 0.5, 0.90 and 0.52 at 1.7."""

NEEDED = 0.6
"""Log odds from which a stretch is reported."""

FAINT = 0.05
"""Likelihood from which a stretch is a weak sign."""

_PIECES = re.compile(r"(?=([\u4e00-\u9fff]{2}|[\u30a0-\u30ff]{2}))|(?<![\uac00-\ud7af])([\uac00-\ud7af]{2})")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OWN = _words(
    """my mine our ours mein meine meiner meinem meinen meins unser unsere unserer unserem mon ma mes mien
 notre nos mi mis mío mía nuestro nuestra meu minha meus minhas nosso nossa mio mia miei mie nostro nostra
 mijn mijne onze ons mój moja moje mojego mojej mojego nasz nasza мой моя моё мои моего моей моему моим наш наша нас
 benim bizim min mitt mina vår vårt våra मेरा मेरी मेरे हमारा हमारे हमारी عندي لدي عندنا"""
)
_SELF = _words(
    """i i'd i've i'm we've we'd me ich mir mich wir je j'ai j'avais j'adore moi nous yo me tengo tuve fui era soy eu
 tenho tinha fiquei io ho ero avevo ik wij ja mam miałem miałam я мне меня мы ben bana jag mig vi saya aku kami मैं
 मुझे मैंने हम أنا كنت رأيت"""
)
_KIN = frozenset(
    map(
        folded,
        _words("""mother father mum mom dad brother sister wife husband son daughter aunt uncle grandmother grandfather
 gran granny grandpa cousin nephew niece neighbour neighbor neighbours kids grandson granddaughter landlady childhood
 mutter vater mama papa bruder schwester sohn tochter tante onkel oma opa neffe nichte nachbar nachbarin schwager mère
 père frère sœur mari fils tonton oncle mamie papi voisin voisine cousine madre padre hermano hermana marido hijo hija
 tía tío abuela abuelo vecino vecina primo prima cuñado mãe pai irmão irmã esposa filho filha tia avó avô vizinho
 vizinha fratello sorella moglie figlio figlia zia zio nonna nonno moeder vader broer zus zoon dochter buurman
 мать мама отец папа брат сестра муж жена сын дочь дочка тётя бабушка дед дедушка сосед соседка brat siostra mąż żona
 syn córka babcia dziadek sąsiad annem babam kardeşim eşim oğlum kızım teyzem komşum dedem mamma pappa bror syster fru
 dotter mormor farfar farmor granne ibu ayah kakak adik istri suami nenek kakek tetangga माँ पिता भाई बहन पति पत्नी बेटा
 बेटी दादी नानी पड़ोसी أمي أبي أخي أختي زوجي زوجتي ابني بنتي جدتي جدي جاري"""),
    )
)
_TOO = _words(
    """too mine ours neither auch meiner meine unsere aussi également también tampoco também anche ook też тоже bende
 också juga भी أيضا أيضاً كذلك"""
)
_UNSPACED_OWN = re.compile(r"我家|我们家|俺|うち|私|僕|祖父|祖母|우리|저는|나는|제가|내가|저희|我")
_UNSPACED_KIN = re.compile(
    r"妈|爸|哥|姐|弟|妹|奶奶|姥姥|爷爷|老婆|老公|儿子|女儿|邻居|母|父|兄|姉|妻|夫(?!妇)|息子|娘|隣の|엄마|아빠|형이|언니"
    r"|누나|오빠|동생|할머니|할아버지|아내|남편|아들|딸이|이웃"
)
_UNSPACED_TOO = re.compile(r"我也|我们也|我们还|私も|うちも|うちの|僕も|저도|나도|우리도|私は|저는|나는")
_FEELS = re.compile(
    r"\b(?:love|loved|adore|lovely|haha?|lucky|gosh|goodness|wow|oh|poor|funny|favou?rite|weird|brilliant|sweet|dreadful"
    r"|awful|amazing|wonderful|charming|beautiful|gorgeous|imagine|remember|lieb\w*|herrlich|schön|komisch|ach|oh|adore"
    r"|magnifique|encanta|qué|adoro|amo|que|heerlijk|mooi|обожаю|ого|ах|wah|bayıl\w*|älskar)\b|太|真|哈哈|すごい|かわいい|ですよね"
    r"|진짜|정말|맛있|वाह|कमाल|يا سلام|رائع"
)
_OPEN = re.compile(
    r"small[ -]?talk|chit-?chat|chat about|free conversation|casual conversation|get to know|kennenlern|plauder|bavard"
    r"|charla|bate-papo|chiacchier|praatje|болтать|беседа|闲聊|聊天|雑談|수다|잡담|sohbet|småprat|obrolan|دردشة|गपशप"
)
"""Tasks that are talk for its own sake."""

_END = re.compile(r"[!?！？؟…]+|[.。।]")
_DIGIT = re.compile(r"\d")


def off_task(prepared: Prepared) -> list[Finding]:
    """Find the first turn of a stretch that is about something else; weaker ones have a confidence below one half."""
    if len(prepared) < 3 or _OPEN.search(prepared.talk.task.lower()):
        return []
    view = View(prepared)
    best: dict[int, float] = {}
    for first, last in view.stretches():
        best[first] = max(best.get(first, -math.inf), view.points(first, last))
    if not best:
        return []
    top = max(best, key=lambda first: (best[first], -first))
    found = []
    for first, points in best.items():
        sure = 1 / (1 + math.exp(-points))
        strong = first == top and points >= NEEDED
        if strong or sure >= FAINT:
            confidence = min(0.95, max(0.6, sure)) if strong else min(0.49, sure)
            found.append(
                prepared.finding(
                    first, "off_task", confidence, view.entry(first), "leaves the task for another subject"
                )
            )
    return found


@dataclass(frozen=True)
class _Marks:
    """What one turn shows, and its words about."""

    own: bool
    kin: bool
    self: bool
    too: bool
    feels: bool
    cries: bool
    asks: bool
    digits: bool
    echoes: bool
    size: int


class View:
    """A conversation as its stretches are weighed."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        talk = prepared.talk
        english = prepared.tongue == "en"
        self.links = [_links(prepared, reading) for reading in prepared.readings]
        about = read(" ".join([talk.task, talk.setting, *talk.goals.values()]))
        self.about = _links(prepared, about)
        self.heard = [heard(reading, english, prepared.little) for reading in prepared.readings]
        home = set(heard(about, english, prepared.little).values()) | set(self.heard[0].values())
        self.foreign = [{word: name for word, name in held.items() if name not in home} for held in self.heard]
        self.marks = [self._marks(at) for at in range(len(prepared))]
        self.personal = [mark.own or mark.kin or mark.too for mark in self.marks]
        self.full = [len(links) > 1 for links in self.links]
        situation = prepared.situation
        self.loose = situation.kind == "practice" or situation.lesson or situation.staged
        self.aside = [prepared.has(at, "aside") for at in range(len(prepared))]
        self.back = [prepared.has(at, "back") for at in range(len(prepared))]
        self.parts = [prepared.has(at, "farewell") for at in range(len(prepared))]
        self.said: list[set[str]] = [set(self.about)]
        for links in self.links:
            self.said.append(self.said[-1] | links)
        self.later: list[set[str]] = [set()]
        for links in reversed(self.links):
            self.later.append(self.later[-1] | links)
        self.later.reverse()

    def _marks(self, at: int) -> _Marks:
        reading = self.prepared.readings[at]
        low = reading.own
        if reading.unspaced:
            own, kin, too = (
                bool(_UNSPACED_OWN.search(low)),
                bool(_UNSPACED_KIN.search(low)),
                bool(_UNSPACED_TOO.search(low)),
            )
            mine = own
        else:
            words = set(reading.words)
            own, mine, too = bool(words & _OWN), bool(words & _SELF), bool(words & _TOO)
            kin = any(folded(word) in _KIN for word in words)
        return _Marks(
            own, kin, mine, too, bool(_FEELS.search(low)), "!" in low or "！" in low, reading.asks,
            bool(_DIGIT.search(low)), self._echoes(at), reading.size,
        )  # fmt: skip

    def _echoes(self, at: int) -> bool:
        """Return whether a turn opens with a short cry or question that takes up a word of the last one."""
        if not at or not self.links[at - 1]:
            return False
        reading = self.prepared.readings[at]
        match = _END.search(reading.own)
        if match is None or match.group()[0] in ".。।" or match.start() > (14 if reading.unspaced else 40):
            return False
        if reading.unspaced:
            return bool(_links(self.prepared, read(reading.low[: match.start()])) & self.links[at - 1])
        head = {folded(reading.own[a:b]) for a, b in reading.places if b <= match.start()}
        return len(head) < 6 and bool(head & set(self.prepared.readings[at - 1].stems) - self.prepared.little)

    def stretches(self) -> list[Span]:
        """Return the stretches of two turns or more with something in them, by their first and last turn."""
        count = len(self.prepared)
        parted = [at for at in range(count) if self.parts[at]]
        # After goodbye was said twice nothing is left to be off.
        until = min(count - 1, parted[1]) if len(parted) > 1 else count - 1
        return [
            (first, last)
            for first in range(1, until)
            for last in sorted({min(first + SHORT, count - 1), min(first + LONGEST, count) - 1})
            # Two turns between turns of the task are a remark and its answer.
            if sum(self.full[first : last + 1]) >= 2 and (last > first + 1 or last + 1 == count) and last > first
        ]

    @cached_property
    def meant(self) -> tuple["Vectors", "Vectors", "Vectors"]:
        """The vectors of the task and of the turns, and the weights of the turns in a column."""
        import numpy as np

        talk = self.prepared.talk
        held = self.prepared.meanings(
            [f"{talk.task} {talk.setting}".strip(), *(said.text for said in self.prepared.turns)]
        )
        turns = np.array(held[1:])
        return (
            np.array(held[0]),
            turns,
            np.sqrt([max(1, len(links)) for links in self.links], dtype=np.float32)[:, None],
        )

    def features(self, first: int, last: int) -> dict[str, float]:
        """Return what speaks for and against a stretch; the turn that enters it is half on task."""
        prepared, marks, count = self.prepared, self.marks, len(self.prepared)
        body = range(first + 1, last + 1)
        n = len(body)
        rest = [at for at in range(count) if at < first or at > last]
        r = len(rest) or 1
        f: dict[str, float] = {}
        f["long"] = math.log(n)
        f["early"] = float(first == 1)
        for name in ("own", "kin", "self", "feels", "cries", "digits", "echoes"):
            f[name] = sum(getattr(marks[at], name) for at in body) / n
        for name in ("cries", "asks"):
            f[name + "-rest"] = sum(getattr(marks[at], name) for at in rest) / r
        for name in ("own", "self", "feels", "cries", "asks", "echoes"):
            f[name + "-entry"] = float(getattr(marks[first], name))
        personal = self.personal
        sides: dict[str, list[bool]] = {}
        for at in range(first, last + 1):
            sides.setdefault(prepared.turns[at].speaker, []).append(bool(personal[at]))
        f["both-any"] = float(len(sides) > 1 and all(any(one) for one in sides.values()))
        before = self.said[first]
        inside: set[str] = set()
        for at in body:
            inside |= self.links[at]
        whole = inside | self.links[first]
        f["new"] = len(inside - before) / max(1, len(inside))
        f["overlap"] = min(3.0, sum(len(self.links[at] & before) for at in body) / n)
        f["about"] = min(2.0, sum(len(self.links[at] & self.about) for at in body) / n)
        calm = [len(self.links[at] & self.said[at]) for at in rest if at > 1]
        f["overlap-rest"] = min(3.0, sum(calm) / len(calm)) if calm else 1.0
        helper = [at for at in body if prepared.turns[at].speaker == "assistant"]
        f["helper-own"] = sum(personal[at] or marks[at].self for at in helper) / (len(helper) or 1)
        helps = [at for at in rest if prepared.turns[at].speaker == "assistant"]
        f["helper-own-rest"] = sum(personal[at] or marks[at].self for at in helps) / (len(helps) or 1)
        f["chain"] = min(2.0, sum(len((self.links[at] & self.links[at - 1]) - before) for at in body) / n)
        f["chain-far"] = min(
            2.0, sum(len((self.links[at] & self.links[at - 2]) - before) for at in body if at > first + 1) / n
        )
        after: set[str] = set().union(*self.links[last + 1 : last + 3]) if last + 1 < count else set()
        f["return"] = min(3.0, len((after & before) - whole))
        later = self.later[last + 1]
        f["goes-on"] = min(3.0, len(later & (whole - before)))
        f["back"] = float(last + 1 < count and self.back[last + 1])
        f["to-end"] = float(last + 1 == count)
        f["aside"] = float(self.aside[first])
        f["parts"] = float(any(self.parts[at] for at in range(first, last + 1)))
        f["loose"] = float(self.loose)
        f["no-task"] = float(not prepared.talk.task.strip())
        f["size"] = math.log1p(sum(marks[at].size for at in body) / n)
        f["size-rest"] = math.log1p(sum(marks[at].size for at in rest) / r)
        turns: dict[str, int] = {}
        for at in range(first, last + 1):
            for name in set(self.foreign[at].values()):
                turns[name] = turns.get(name, 0) + 1
        subject = max(turns, key=lambda name: (turns[name], name)) if turns else ""
        spoken = sum(subject in self.heard[at].values() for at in range(first)) if subject else 0
        speak = turns.get(subject, 0) - spoken
        f["subject3"] = float(speak >= 3)
        f["subject-share"] = max(0, speak) / (n + 1)
        return f

    def meaning(self, first: int, last: int) -> dict[str, float]:
        """Return how near a stretch is to the task and to the rest; nothing where the vectors tell nothing."""
        import numpy as np

        tongue, count = self.prepared.tongue, len(self.prepared)
        if self.prepared.readings[0].unspaced or tongue in _BLIND:
            return {}
        task, turns, weights = self.meant
        far = [at for at in range(count) if not first - 1 <= at <= last + 1] or [0]
        stretch = (turns[first + 1 : last + 1] * weights[first + 1 : last + 1]).sum(axis=0)
        rest = (turns[far] * weights[far]).sum(axis=0)
        size, other = float(np.linalg.norm(stretch)) + 1e-9, float(np.linalg.norm(rest)) + 1e-9
        kind = "en" if tongue == "en" else "other"
        f = {
            f"near-rest-{kind}": float(stretch @ rest) / (size * other),
            f"near-task-{kind}": float(stretch @ task) / size,
        }
        if len(far) > 1:
            f[f"near-own-{kind}"] = float(np.mean(turns[far] @ rest)) / other
        return f

    def points(self, first: int, last: int) -> float:
        """Return the log odds that the conversation is off its task in a stretch."""
        points = WEIGHTS[""] + sum(WEIGHTS[name] * value for name, value in self.features(first, last).items())
        # Meaning gives a point at most, and is only asked where it decides.
        if points > NEEDED - 1:
            points += sum(WEIGHTS[name] * value for name, value in self.meaning(first, last).items())
        return points

    def entry(self, first: int) -> Span | None:
        """Return the sentence by which a stretch is entered: with an aside, a foreign word, or the last one."""
        reading = self.prepared.readings[first]
        asides = self.prepared.spans(first, "aside")
        if asides:
            return reading.sentence_of(asides[-1])
        return reading.sentences[-1] if reading.sentences else None


_BLIND = frozenset({"ru", "ar", "hi", "zh", "ja", "ko"})
"""Languages whose texts all lie close together in WordLlama's space: off the task or on it, about 0.7 to 0.95."""


def _links(prepared: Prepared, reading: Reading) -> set[str]:
    if not reading.unspaced:
        return {stem for stem in prepared.content(reading) if len(stem) > 3 or stem.isdigit()}
    pieces = {match[1] or match[2] for match in _PIECES.finditer(reading.low)}
    return pieces | {stem for stem in reading.stems if stem.isascii() and len(stem) > 2}
