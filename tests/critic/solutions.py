"""Right solutions of every programming task that ships, for the tests of its checks."""

import calendar
import datetime
import re


def slugify(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def initials(name: str) -> str:
    return "".join(word[0].upper() + "." for word in name.split())


def is_palindrome(text: str) -> bool:
    plain = [letter.lower() for letter in text if letter.isalnum()]
    return plain == plain[::-1]


def run_lengths(text: str) -> list[tuple[str, int]]:
    runs: list[tuple[str, int]] = []
    for letter in text:
        before = runs.pop() if runs and runs[-1][0] == letter else (letter, 0)
        runs.append((letter, before[1] + 1))
    return runs


def mask_middle(text: str, keep: int) -> str:
    if keep < 0:
        raise ValueError("keep is negative")
    if len(text) <= 2 * keep:
        return text
    return text[:keep] + "*" * (len(text) - 2 * keep) + text[len(text) - keep :]


def word_counts(text: str) -> dict[str, int]:
    words = re.findall("[a-z]+", text.lower())
    return {word: words.count(word) for word in words}


def chunk(items: list[object], size: int) -> list[list[object]]:
    if size < 1:
        raise ValueError("size is below 1")
    return [items[at : at + size] for at in range(0, len(items), size)]


def merge_ranges(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def flatten(nested: list[object]) -> list[object]:
    flat: list[object] = []
    for item in nested:
        flat.extend(flatten(item) if type(item) is list else [item])
    return flat


def top_keys(counts: dict[str, int], n: int) -> list[str]:
    return sorted(counts, key=lambda key: (-counts[key], key))[: max(n, 0)]


def group_rows(rows: list[dict[str, object]], key: str) -> dict[object, list[dict[str, object]]]:
    groups: dict[object, list[dict[str, object]]] = {}
    for row in rows:
        groups.setdefault(row.get(key), []).append(row)
    return groups


def moving_average(values: list[float], window: int) -> list[float]:
    if window < 1:
        raise ValueError("window is below 1")
    return [sum(values[at : at + window]) / window for at in range(len(values) - window + 1)]


def days_in_month(year: int, month: int) -> int:
    if not 1 <= month <= 12:
        raise ValueError("no such month")
    return calendar.monthrange(year, month)[1]


def add_months(day: datetime.date, months: int) -> datetime.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return datetime.date(year, month + 1, min(day.day, days_in_month(year, month + 1)))


def next_weekday(day: datetime.date, weekday: int) -> datetime.date:
    if not 0 <= weekday <= 6:
        raise ValueError("no such weekday")
    return day + datetime.timedelta((weekday - day.weekday() - 1) % 7 + 1)


def count_workdays(start: datetime.date, end: datetime.date) -> int:
    days = range(max((end - start).days, 0))
    return sum((start + datetime.timedelta(day)).weekday() < 5 for day in days)


def parse_clock(text: str) -> int:
    found = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", text)
    if found is None:
        raise ValueError("no time of day")
    return int(found[1]) * 60 + int(found[2])


def format_span(seconds: int) -> str:
    if seconds < 0:
        raise ValueError("negative")
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
