"""Vision-language students: the embedded one, and those of other families, behind two functions.

In:  a model folder.
Out: `ask` (images and questions to answers) and `score` (how likely an answer is to a student).
"""
