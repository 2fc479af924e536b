"""The cloud of the laboratory: see ../README.md."""
