"""The linker and the assembler at work, and how good a linkage is."""
