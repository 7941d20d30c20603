"""What is asked: questions with right answers, controls, blind baselines, what may leak."""
