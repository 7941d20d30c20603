"""Who answers: a student, an endpoint, the graph model; all look alike from outside."""
