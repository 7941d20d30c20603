"""Small DICOM and NIfTI files for tests."""

from pathlib import Path
from typing import Any

import numpy as np

PLANTED = {
    "PatientName": "Zyxwolf^Quirina",
    "PatientID": "MRN-73914402",
    "PatientBirthDate": "19471123",
    "PatientAddress": "Plantagenstr 7",
    "OtherPatientIDs": "ALT-55501987",
    "ReferringPhysicianName": "Doktorovic^Ilya",
    "InstitutionName": "Klinik Sankt Nirgendwo",
    "StudyDescription": "Follow up of Zyxwolf",
    "AccessionNumber": "ACC889123",
    "DeviceSerialNumber": "SN-PLANT-1",
    "ImageComments": "seen with Quirina's sister",
    "StudyDate": "20310203",
}
"""What identifies a patient, per tag; each value is found nowhere else."""


def write_dicom(path: Path, pixels: np.ndarray, **tags: Any) -> Path:
    """Write a DICOM file of these pixels: `(H, W)`, `(frames, H, W)` or `(H, W, 3)`.

    Args:
        path: Of the file.
        pixels: uint8 or uint16.
        tags: More tags by keyword; they win over those of the pixels.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    colour = pixels.ndim == 3 and pixels.shape[-1] == 3
    frames = pixels.shape[0] if pixels.ndim == 3 and not colour else 1
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.5.7"
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = tags.pop("TransferSyntaxUID", ExplicitVRLittleEndian)
    data = Dataset()
    data.file_meta = meta
    data.SOPClassUID = meta.MediaStorageSOPClassUID
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    rows, columns = pixels.shape[:2] if colour else pixels.shape[-2:]
    bits = pixels.dtype.itemsize * 8
    own = {
        "Rows": rows,
        "Columns": columns,
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": 0,
        "PixelData": pixels.tobytes(),
    }
    if colour:
        own["PlanarConfiguration"] = 0
    if frames > 1:
        own["NumberOfFrames"] = frames
    for name, value in {**own, **tags}.items():
        if value is not None:
            setattr(data, name, value)
    data.save_as(path, enforce_file_format=True)
    return path


def functional_groups(**tags: Any) -> dict[str, Any]:
    """`PixelSpacing` and `FrameLaterality` where multi-frame files hold them."""
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    group = Dataset()
    if "PixelSpacing" in tags:
        measures = Dataset()
        measures.PixelSpacing = tags["PixelSpacing"]
        group.PixelMeasuresSequence = Sequence([measures])
    if "FrameLaterality" in tags:
        anatomy = Dataset()
        anatomy.FrameLaterality = tags["FrameLaterality"]
        group.FrameAnatomySequence = Sequence([anatomy])
    return {"SharedFunctionalGroupsSequence": Sequence([group])}


def write_nifti(path: Path, planes: np.ndarray, spacing: float = 1.0, unit: str = "mm") -> Path:
    """Write a NIfTI file of these pixels, `(H, W)` or `(H, W, planes)`, as converters do."""
    import nibabel

    image = nibabel.Nifti1Image(planes.swapaxes(0, 1), np.diag([-spacing, -spacing, 1, 1]))
    image.header.set_xyzt_units(unit)
    nibabel.save(image, path)
    return path
