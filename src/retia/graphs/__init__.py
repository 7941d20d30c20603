"""Masks to heterogeneous vessel graphs: vessel segments, intercapillary areas, FAZ."""
