"""The numbers of each node type, with their meaning.

Features are what a model reads, in the order of the feature matrix. Measures stand beside them in
the tables: they say nothing that the features do not say (they follow from them, or go with them),
or depend on how the eye lay in the image. None is an id or a position: a model that reads the
features cannot learn where an image was cut.

What has "relative" in its name is divided by its median over the nodes of the same type and eye
(1 where that is 0), so that neither the gain of the camera nor the taste of a segmenter shifts it.
Local features leave the FAZ out; they are measured on a grid of about 10 µm.
"""

from retia.segmentation.maps import LESIONS

_EVIDENCE = {kind: kind.replace("_", " ") for kind in LESIONS}

SEGMENT_FEATURES: dict[str, str] = {
    "length_mm": "length along the centre line, in mm",
    "tortuosity": "length over chord, 1 for a straight vessel, at most 5; a closed loop has 5",
    "strand_tortuosity": "the same, of the vessel that runs on through the junctions at both ends "
    "(the straightest way on among vessels alike in width), up to 0.3 mm each way",
    "radius_mean_um": "mean half width, in µm",
    "radius_std_um": "standard deviation of the half width along the segment, in µm",
    "radius_min_um": "smallest half width, in µm",
    "radius_max_um": "largest half width, in µm",
    "end_radius_um": "half width at the wider end, in µm",
    "end_bulge": "half width at an end over the largest of the segments that meet there; "
    "well above 1 for a sac where capillaries meet",
    "roundness": "smallest over largest half width, 1 for an even calibre",
    "area_mm2": "area of the vessel pixels that belong to the segment, in mm²; the source's volume",
    "end_degree_low": "other segment ends at the less connected end, 0 for a free end",
    "end_degree_high": "other segment ends at the more connected end, 0 for a free end",
    "degree": "number of other segments met at either end",
    "adjoining_areas": "number of intercapillary areas touched",
    "intensity_mean": "mean image intensity along the centre line, 0 to 1",
    "intensity_std": "standard deviation of the intensity along the centre line",
    "intensity_q25": "lower quartile of the intensity along the centre line",
    "intensity_q75": "upper quartile of the intensity along the centre line",
    "spot_contrast": "highest point along the centre line of the image blurred by 20 µm less the "
    "image blurred by 40 µm; high for a sac, and for a vessel much wider than capillaries",
    "faz_distance_mm": "mean distance to the rim of the FAZ, 0 inside, in mm; to the image centre "
    "where no FAZ was found",
    "local_vessel_density": "share of vessel pixels within 100 µm",
    "relative_density": "local_vessel_density, relative",
    "local_branch_density": "segments per mm² within 150 µm",
    "local_dead_ends": "share of free ends among the segment ends within 150 µm",
    "local_calibre_um": "mean distance of the vessel pixels within 200 µm to the edge of their "
    "vessel, in µm; high in a tuft and at a trunk",
    "local_gap_um": "largest distance of a pixel within 200 µm to the next vessel, in µm",
    "local_intensity": "mean image intensity within 100 µm, 0 to 1",
    "relative_intensity": "local_intensity, relative",
    "local_intensity_std": "standard deviation within 150 µm of the image averaged over 50 µm",
    "radius_contrast": "radius_max_um over its median among segments within 250 µm",
    "touches_border": "1 where the vessel reaches the image border, else 0",
} | {
    f"evidence_{kind}": f"highest probability of {name} along the centre line, as the segmenter "
    "tells it; 0 where it was not asked"
    for kind, name in _EVIDENCE.items()
}

SEGMENT_MEASURES: dict[str, str] = {
    "chord_mm": "straight distance between the two ends, in mm",
    "width_um": "area over length, in µm; the source's cross-section",
    "orientation_deg": "angle of the chord against the horizontal, counter-clockwise, 0 to 180",
    "turning_deg_per_mm": "sum of all turns of the smoothed centre line over its length",
    "wall_min_um": "mean along the centre line of the distance to the nearest wall pixel, in µm",
    "wall_min_std_um": "its standard deviation along the centre line, in µm",
    "wall_mean_um": "the same of the mean distance to the wall pixels on both sides, in µm",
    "wall_mean_std_um": "its standard deviation, in µm",
    "wall_max_um": "the same of the distance to the farthest wall pixel, in µm",
    "wall_max_std_um": "its standard deviation, in µm",
    "wall_roundness": "mean along the centre line of nearest over farthest wall distance",
    "wall_roundness_std": "its standard deviation",
    "intensity_q05": "quantile of the intensity along the centre line, here of 5 %",
    "intensity_q10": "the same of 10 %",
    "intensity_q90": "the same of 90 %",
    "intensity_q95": "the same of 95 %",
    "sac_x_px": "where along the centre line a microaneurysm is likeliest: column",
    "sac_y_px": "the same: row",
}

AREA_FEATURES: dict[str, str] = {
    "area_mm2": "area, in mm²",
    "perimeter_mm": "length of the outline (Crofton's estimate), in mm",
    "eccentricity": "eccentricity of the ellipse with the same second moments, 0 for a circle",
    "solidity": "area over the area of the convex hull",
    "extent": "area over the area of the bounding box",
    "axis_major_mm": "long axis of the ellipse with the same second moments, in mm",
    "axis_minor_mm": "short axis of the ellipse with the same second moments, in mm",
    "intensity_mean": "mean image intensity inside, 0 to 1",
    "intensity_min": "lowest image intensity inside, 0 to 1",
    "intensity_max": "highest image intensity inside, 0 to 1",
    "intensity_std": "standard deviation of the image intensity inside",
    "faz_distance_mm": "mean distance of its pixels to the rim of the FAZ, in mm; to the image "
    "centre where no FAZ was found",
    "depth_max_um": "largest distance of a pixel inside to any vessel, in µm",
    "local_vessel_density": "share of vessel pixels within 100 µm of its pixels",
    "relative_density": "local_vessel_density, relative",
    "local_calibre_um": "as of segments, around its pixels, in µm",
    "local_gap_um": "as of segments, around its pixels, in µm",
    "relative_intensity": "mean image intensity within 100 µm of its pixels, relative",
    "local_intensity_std": "as of segments, around its pixels",
    "touches_border": "1 where the area reaches the image border, else 0",
    "degree": "number of other areas across a vessel",
} | {
    f"evidence_{kind}": f"mean probability of {name} inside, as the segmenter tells it; 0 where "
    "it was not asked"
    for kind, name in _EVIDENCE.items()
}

AREA_MEASURES: dict[str, str] = {
    "equivalent_diameter_um": "diameter of the circle of the same area, in µm",
    "feret_diameter_mm": "largest distance between two points of the outline, in mm",
    "orientation_deg": "angle of the long axis against the horizontal, counter-clockwise, 0 to 180",
    "centroid_offset_um": "distance between the centre and the centre weighted by intensity, in µm",
    "intensity_q25": "lower quartile of the image intensity inside, to 1/255",
    "intensity_q75": "upper quartile of the image intensity inside, to 1/255",
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

FAZ_MEASURES: dict[str, str] = {
    "extent": "area over the area of the bounding box",
    "axis_major_mm": "long axis of the ellipse with the same second moments, in mm",
    "axis_minor_mm": "short axis of the ellipse with the same second moments, in mm",
    "intensity_min": "lowest image intensity inside, 0 to 1",
    "intensity_max": "highest image intensity inside, 0 to 1",
    "intensity_std": "standard deviation of the image intensity inside",
} | AREA_MEASURES
