"""Who is left out before anything is tokenised, and how that is attested."""
