"""The audit of the audit: models whose cheating is known must come out as what they are."""

from retia.evaluation.selftest.run import SelfTestConfig, self_test

__all__ = ["SelfTestConfig", "self_test"]
