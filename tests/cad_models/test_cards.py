import pytest

from cad_models import registry
from cad_models.training.cards import card, headlines

FIGURES = [
    {"what": "heart, Dice", "on": "jsrt", "n": 44, "value": 0.9412, "low": 0.93, "high": 0.95, "headline": True},
    {"what": "heart, worst Dice", "on": "jsrt", "n": 44, "value": 0.87, "low": 0.86, "high": 0.9, "headline": False},
]


def test_a_card_carries_licence_figures_and_sha256():
    network = registry.get("segmenter")
    text = card(network, "## Use\n\nOutlines.", {"sha256": network.sha256, "figures": FIGURES})
    assert network.licence in text
    assert network.sha256 in text
    assert "| heart, Dice | jsrt | 44 | 0.941 [0.930, 0.950] |" in text


def test_figures_of_other_weights_are_not_put_on_a_card():
    with pytest.raises(ValueError, match="other weights"):
        card(registry.get("segmenter"), "", {"sha256": "0" * 64, "figures": FIGURES})


def test_only_headlines_go_into_the_registry():
    assert headlines(FIGURES) == {"heart, Dice, jsrt": [0.9412, 0.93, 0.95]}
