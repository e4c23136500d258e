"""What is said of words that no option takes."""

from __future__ import annotations

import pytest

from zarrscope.cli.parser import Parser
from zarrscope.errors import ArgumentError


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["a", "--chunk", "x=3"], "did you mean --chunks?"),
        (["a", "--chunk=x=3"], "did you mean --chunks?"),
        (["a", "--jsno"], "did you mean --json?"),
        (["a", "--wholly-other"], "there is no option --wholly-other"),
        (["a", "b c", "d"], "paths with blanks, have to stand in quotes"),
    ],
)
def test_what_may_have_been_meant(words: list[str], advice: str) -> None:
    parser = Parser("try", "Try.", "")
    parser.add_argument("source")
    parser.add_argument("--chunks")
    parser.add_argument("--json", action="store_true")
    with pytest.raises(ArgumentError) as caught:
        parser.parse_args(words)
    assert advice in str(caught.value)
    assert ("quotes" in str(caught.value)) == ("quotes" in advice)
