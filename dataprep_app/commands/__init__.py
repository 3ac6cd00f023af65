"""The subcommands of ``dataprep``: each a function, and one that adds its arguments to a parser."""
