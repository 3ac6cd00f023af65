"""Our own components: a Python side that sends plain data, and a JavaScript side that draws it."""
