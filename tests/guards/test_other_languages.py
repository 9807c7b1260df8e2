"""Conversations in languages without phrases of their own are no sudden change of language; a real change is one."""

import pytest

from agentsim.guards.talk import Said, Talk
from tests.guards.by_rule import by_rule

FINE = {
    "fa": ["سلام، می‌خواهم فرش را پس بدهم.", "بله، شمارهٔ سفارش را بفرمایید تا نگاه کنم.", "شمارهٔ سفارش ۴۸۲۱ است."],
    "he": ["שלום, אני רוצה לבטל את המנוי לעיתון.", "בשמחה, מה מספר הלקוח שלך?", "המספר הוא ארבע שמונה שתיים."],
    "th": ["สวัสดีค่ะ รบกวนเช็กพัสดุให้หน่อย", "ได้ครับ ขอหมายเลขพัสดุด้วยครับ", "หมายเลขสี่แปดสองหนึ่งค่ะ"],
    "bn": ["আমার বিল এবার অনেক বেশি এসেছে।", "মিটার নম্বরটা বলুন, আমি দেখছি।", "নম্বর চার আট দুই এক।"],
    "el": ["Καλημέρα, θέλω να επιστρέψω τον βραστήρα.", "Βεβαίως, πότε τον αγοράσατε;", "Την περασμένη εβδομάδα."],
    "uk": ["Добрий день, хочу повернути чайник.", "Звісно, коли ви його купили?", "Минулого тижня, у вівторок."],
}


def found(language: str, lines: list[str]) -> list[int]:
    turns = [Said(at, ("user", "assistant")[at % 2], line) for at, line in enumerate(lines)]
    talk = Talk(turns, leader="user", setting="support", task="A request of a customer.", language=language)
    return [finding.turn for finding in by_rule(talk, "broken_language")]


@pytest.mark.parametrize("language", FINE)
def test_a_language_without_phrases_is_itself(language: str) -> None:
    assert found(language, FINE[language]) == []


@pytest.mark.parametrize("language", FINE)
def test_a_turn_in_another_script_is_a_change(language: str) -> None:
    other = "我觉得今天的天气非常好我们去公园散步吧"
    assert found(language, [*FINE[language], other]) == [3]
