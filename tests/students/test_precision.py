"""bf16 is chosen by what the processor can do, never by name."""

import pytest
import torch

from retia.students.precision import use_bf16


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks the CPU")
def test_only_bf16_matrix_units_switch_bf16_on(tmp_path):
    flags = tmp_path / "cpuinfo"
    flags.write_text("flags : fpu avx512f avx512_bf16\n")
    assert not use_bf16(flags)
    flags.write_text("flags : fpu avx512f amx_bf16 amx_tile\n")
    assert use_bf16(flags)
    assert not use_bf16(tmp_path / "none")
