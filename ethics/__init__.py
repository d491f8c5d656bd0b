"""The framework, the board and its approvals, the public register, and the audit log that everything is written in."""
