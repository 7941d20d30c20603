"""The size of the students that tests tune."""

from retia.students.embedded import EmbeddedSize

TINY = EmbeddedSize(image_size=64, hidden_size=64, layers=1, vocabulary=400)
