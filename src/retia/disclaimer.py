"""The one sentence every screen, page, report and card shows."""

DISCLAIMER = "Research use only. Not a medical device; not for diagnosis or treatment."
