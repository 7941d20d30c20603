"""Samples as rows of other tools' files: one file a tool, the rules of its reader at its top."""

from retia.instructions.dialects.cfproxy import cfproxy_files
from retia.instructions.dialects.llama_factory import llama_factory_files
from retia.instructions.dialects.row import check_sample, meta_of
from retia.instructions.dialects.sharegpt import conversation_row
from retia.instructions.dialects.swift import swift_row
from retia.instructions.dialects.trl import trl_row

__all__ = [
    "cfproxy_files",
    "check_sample",
    "conversation_row",
    "llama_factory_files",
    "meta_of",
    "swift_row",
    "trl_row",
]
