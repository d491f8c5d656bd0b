"""The linker's work: from sealed token files to scored pairs of rows, chunk by chunk."""
