"""Where the rooms meet: one function per button or command, the state they share, and the one door out."""
