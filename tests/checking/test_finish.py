import textstat

from chatcad.checking.finish import reading_grade

TEXT = "Fluid in the lungs is treated with oxygen and with medicine that helps the body pass the extra water as urine."


def test_english_is_graded_as_textstat_does_by_itself():
    assert reading_grade(TEXT) == round(textstat.flesch_kincaid_grade(TEXT), 1)


def test_an_empty_answer_needs_no_schooling():
    assert reading_grade(" ") == reading_grade("", "de") == 0.0
