"""The README's figures are those of the result files."""

from evaluation.readme import README, filled


def test_the_readme_is_up_to_date():
    text = README.read_text(encoding="utf-8")
    assert filled(text) == text, "run: python -m evaluation.readme"
