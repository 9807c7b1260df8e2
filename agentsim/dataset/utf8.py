"""Text that can be written as UTF-8."""


def replace_surrogates(text: str) -> str:
    """Return ``text`` with split surrogate pairs joined and lone surrogates replaced by U+FFFD.

    Models that stream bytes, and JSON with ``\\ud800`` escapes, leave such halves behind; Python keeps
    them in a string, but neither JSON Lines nor Parquet can hold them.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
