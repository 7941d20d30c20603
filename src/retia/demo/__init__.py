"""A web page for one picture at a time: the student's answer, held against the graph."""
