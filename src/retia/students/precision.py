"""What this machine computes small models fastest with: bf16 or not, one thread or more.

bf16 autocast is about twice as fast as fp32 on a CPU with bf16 matrix units (AMX) and about 13
times slower without them, so this asks the machine instead of guessing.
"""

from pathlib import Path

CPU_FLAGS = Path("/proc/cpuinfo")


def use_bf16(device: str | None = None, cpu_flags: Path = CPU_FLAGS) -> bool:
    """Return True where training shall use bf16 autocast.

    Args:
        device: `cpu` or `cuda`; by default CUDA where there is one.
        cpu_flags: Where Linux lists the processor's flags.

    Returns:
        On CUDA: if the device computes bf16 natively. On a CPU: if it has `amx_bf16`.
    """
    import torch

    if device != "cpu" and torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if not cpu_flags.is_file():
        return False
    return "amx_bf16" in cpu_flags.read_text(encoding="utf-8").split()


def use_one_thread() -> None:
    """Let torch compute on one thread, unless there is a GPU.

    A second thread makes bf16 training of so small a model slower (measured).
    """
    import torch

    if not torch.cuda.is_available():
        torch.set_num_threads(1)
