"""Language-model backends behind one door, ``chatcad.llm.registry``.

The package knows how messages become streamed words. It doesn't know what the words are about: facts, plan and
check belong to other stages.
"""
