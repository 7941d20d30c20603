"""bf16 is chosen by what the processor can do, never by name."""

from retia.students.precision import use_bf16


def test_only_bf16_matrix_units_switch_bf16_on(tmp_path):
    flags = tmp_path / "cpuinfo"
    flags.write_text("flags : fpu avx512f avx512_bf16\n")
    assert not use_bf16("cpu", flags)
    flags.write_text("flags : fpu avx512f amx_bf16 amx_tile\n")
    assert use_bf16("cpu", flags)
    assert not use_bf16("cpu", tmp_path / "none")
