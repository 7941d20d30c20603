"""A language model rewords answers; every sentence it writes is checked."""
