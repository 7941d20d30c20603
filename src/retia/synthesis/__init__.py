"""Parameters to eyes: growth, pathology, appearance, cohorts; every lesion exact to the pixel."""
