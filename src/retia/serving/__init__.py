"""A student behind an OpenAI-compatible address: on this machine, or by vLLM."""
