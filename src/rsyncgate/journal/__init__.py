"""What happened: one shape of record, one writer, one reader."""
