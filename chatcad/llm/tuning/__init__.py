"""Tuning a language model to reword planned statements: examples from our own grammar, a low-rank adapter, no cloud.

Simulated films (`films`) and real passages go through the real plan and prompt (`scenes`); each statement gets a
natural wording from hand-written frames (`phrases`, ``prompts/phrases.yaml``) or rules (`quotes`); only wordings that
the check passes are learnt from (`examples`). Training reads each prompt once (`branching`) and changes low-rank
factors (`lora`, `train`). Nothing here runs while ChatCAD answers.
"""
