"""Chat for data prep: a request in plain words becomes data (a plan, an answer, a question), never code."""
