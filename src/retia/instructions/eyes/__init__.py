"""Eyes as samples: facts, wording, questions, reasons."""
