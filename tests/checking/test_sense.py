"""What a rewording must keep beside its claims; each pair differs in one thing that changes the sense."""

import pytest

from chatcad.checking import sense
from chatcad.checking.claims import expand

EDEMA = "Pulmonary edema is unlikely (probability 0.04): no sign of it was found."
RATIO = "The cardiothoracic ratio is 0.57, above the reference of 0.50 on a PA film."
CAUSES = "Most small spots can come from the heart, the kidneys or an infection."


@pytest.mark.parametrize(
    ("rule", "draft", "statement"),
    [
        (
            sense.certainty,
            "Effusion may be there, and this is certain.",
            "Effusion may be there, but this is not certain.",
        ),
        (sense.certainty, "The computer saw no fluid.", "The computer saw no fluid, but a picture can miss things."),
        (sense.certainty, "Edema is ruled out.", EDEMA),
        (sense.existence, "It was not looked for, but it is there.", "It was not looked for."),
        (sense.existence, "It was not looked for, but there is one.", "It was not looked for."),
        (sense.denials, "It was not withheld: it could be outlined.", "It was withheld: it could not be outlined."),
        (sense.denials, "It is not sensitive but specific.", "It is sensitive but not specific."),
        (sense.denials, "Edema is unlikely: no sign against it was found, and no doubt.", "Edema is unlikely."),
        (sense.denials, "There is no edema, so it is unlikely.", EDEMA),
        (sense.directions, "The ratio is 0.57, within the reference of 0.50.", RATIO),
        (sense.directions, "The reference of 0.50 is above the ratio of 0.57.", RATIO),
        (sense.sides, "The left lung takes up more, next to the right lung.", "The right lung, next to the left lung."),
        (sense.sides, "Effusion on both sides.", "Effusion on the left side."),
        (sense.views, "This is a PA film, so confirm on an AP film.", "This is an AP film, so confirm on a PA film."),
        (sense.conditions, "It shows that the shadow has cleared.", "It shows whether the shadow has cleared."),
        (sense.conditions, "Fluid comes from the heart.", "Fluid can come from the heart."),
        (sense.conditions, "See a doctor unless you have a fever.", "See a doctor if you have a fever."),
        (sense.general, "Your spots can come from the heart, the kidneys or an infection.", CAUSES),
        (sense.general, "Small spots can come from the heart, the kidneys or an infection.", CAUSES),
        (sense.general, "Most small spots can come from the heart, the kidneys and an infection.", CAUSES),
    ],
)
def test_another_sense_is_refused(rule, draft, statement):
    assert rule(expand(draft), expand(statement)) is not None
    assert rule(expand(statement), expand(statement)) is None


@pytest.mark.parametrize(
    ("rule", "draft", "statement"),
    [
        (sense.denials, "No signs of edema were seen, so it's unlikely.", EDEMA),
        (sense.denials, "The computer didn't see any signs.", "The computer saw no signs."),
        (sense.denials, "Effusion can't be excluded.", "Effusion is possible."),
        (sense.directions, "The ratio of 0.57 exceeds the reference of 0.50.", RATIO),
        (sense.directions, "The ratio is 0.57, which is above the 0.50 reference.", RATIO),
        (sense.directions, "It is below 0.01, as no sign was found.", "It is (below 0.01): no sign was found."),
        (sense.sides, "Bilateral effusions.", "Effusion on both sides."),
        (sense.sides, "A right-sided effusion.", "Effusion on the right side."),
        (sense.existence, "It can't say whether it is there.", "It can't say if there is one."),
        (sense.general, "Small spots are mostly due to the heart or an infection.", "Most spots: heart or infection."),
    ],
)
def test_the_same_sense_passes(rule, draft, statement):
    assert rule(expand(draft), expand(statement)) is None
