"""The feature columns of each node type, in the order of the feature matrix, with their meaning.

None of them is an id or a position: a model that reads them cannot learn where an image was cut.
"""

SEGMENT_FEATURES: dict[str, str] = {
    "length_mm": "length along the centre line, in mm",
    "chord_mm": "straight distance between the two ends, in mm",
    "tortuosity": "length over chord, 1 for a straight vessel, at most 5; a closed loop has 5",
    "radius_mean_um": "mean half width, in µm",
    "radius_std_um": "standard deviation of the half width along the segment, in µm",
    "radius_min_um": "smallest half width, in µm",
    "radius_max_um": "largest half width, in µm",
    "end_radius_um": "half width at the wider end, in µm",
    "end_bulge": "half width at an end over the largest of the segments that meet there; "
    "well above 1 for a sac where capillaries meet",
    "roundness": "smallest over largest half width, 1 for an even calibre",
    "area_mm2": "area of the vessel pixels that belong to the segment, in mm²",
    "end_degree_low": "other segment ends at the less connected end, 0 for a free end",
    "end_degree_high": "other segment ends at the more connected end, 0 for a free end",
    "degree": "number of other segments met at either end",
    "adjoining_areas": "number of intercapillary areas touched",
    "intensity_mean": "mean image intensity along the centre line, 0 to 1",
    "intensity_std": "standard deviation of the intensity along the centre line",
    "intensity_q25": "lower quartile of the intensity along the centre line",
    "intensity_q75": "upper quartile of the intensity along the centre line",
    "faz_distance_mm": "mean distance to the rim of the FAZ, 0 inside, in mm; to the image centre "
    "where no FAZ was found",
    "local_vessel_density": "share of vessel pixels within 100 µm",
    "local_branch_density": "segments per mm² within 150 µm",
    "local_intensity": "mean image intensity within 100 µm, 0 to 1",
    "radius_contrast": "radius_max_um over its median among segments within 250 µm",
    "touches_border": "1 where the vessel reaches the image border, else 0",
}

AREA_FEATURES: dict[str, str] = {
    "area_mm2": "area, in mm²",
    "perimeter_mm": "length of the outline (Crofton's estimate), in mm",
    "eccentricity": "eccentricity of the ellipse with the same second moments, 0 for a circle",
    "solidity": "area over the area of the convex hull",
    "extent": "area over the area of the bounding box",
    "equivalent_diameter_um": "diameter of the circle of the same area, in µm",
    "axis_major_mm": "long axis of the ellipse with the same second moments, in mm",
    "axis_minor_mm": "short axis of the ellipse with the same second moments, in mm",
    "intensity_mean": "mean image intensity inside, 0 to 1",
    "intensity_min": "lowest image intensity inside, 0 to 1",
    "intensity_max": "highest image intensity inside, 0 to 1",
    "intensity_std": "standard deviation of the image intensity inside",
    "faz_distance_mm": "mean distance of its pixels to the rim of the FAZ, in mm; to the image "
    "centre where no FAZ was found",
    "depth_max_um": "largest distance of a pixel inside to any vessel, in µm",
    "touches_border": "1 where the area reaches the image border, else 0",
    "degree": "number of other areas across a vessel",
}

FAZ_FEATURES: dict[str, str] = {
    "area_mm2": "area, in mm²; 0 where no FAZ was found",
    "perimeter_mm": "length of the outline (Crofton's estimate), in mm",
    "circularity": "4 pi area over perimeter squared, 1 for a circle",
    "axis_ratio": "short over long axis of the ellipse with the same second moments",
    "eccentricity": "eccentricity of that ellipse, 0 for a circle",
    "solidity": "area over the area of the convex hull",
    "intensity_mean": "mean image intensity inside, 0 to 1",
    "touching_segments": "number of vessel segments at the rim",
}
