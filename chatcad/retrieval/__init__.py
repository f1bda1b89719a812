"""Finding the guideline passages that belong to a question: parse, embed, index, rank, abstain.

It knows the knowledge base and its search; it knows nothing of films, prompts or language models.
"""
