"""Video: which frames are taken, what must not be in them, and which are worth labelling."""
