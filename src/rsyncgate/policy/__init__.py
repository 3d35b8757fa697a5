"""Who may ask for what. Pure, but for reading the files."""
