"""Whether bf16 pays on this machine.

bf16 autocast is about twice as fast as fp32 on a CPU with bf16 matrix units (AMX) and about 13
times slower without them, so this asks the machine instead of guessing.
"""

from pathlib import Path

CPU_FLAGS = Path("/proc/cpuinfo")


def use_bf16(cpu_flags: Path = CPU_FLAGS) -> bool:
    """Return True where training shall use bf16 autocast.

    On CUDA: if the device computes bf16 natively. On a CPU: only with `amx_bf16` among its flags.
    """
    import torch

    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if not cpu_flags.is_file():
        return False
    return "amx_bf16" in cpu_flags.read_text(encoding="utf-8").split()
